import subprocess
import sys


def test_reaching_a_printer_imports_nothing_heavy_before_it_is_needed() -> None:
    code = (
        "import sys, zcal_tui.transport.opening, zcal_tui.printer.sampler, zcal_tui.printer.geometry\n"
        "print([name for name in ('websockets', 'numpy', 'textual', 'httpx') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
