"""A Klipper module that makes Klipper unsupported: it replaces objects that [zcal] uses."""

from typing import Any


class Replaced:
    """A replaced object of Klipper: it has a status and nothing else."""

    def __init__(self, original: Any) -> None:
        self.get_status = getattr(original, "get_status", None)


class Faulty:
    """A replaced object of Klipper that raises for everything."""

    def get_status(self, eventtime: object = None) -> dict[str, Any]:
        raise ZeroDivisionError("from within klippy")

    def __getattr__(self, name: str) -> object:
        raise ZeroDivisionError(name)


def load_config(config: Any) -> object:
    printer = config.get_printer()
    replaced = config.getlist("replaced", ())
    faulty = config.getlist("faulty", ())

    def ready() -> None:
        for name in replaced:
            printer.objects[name] = Replaced(printer.objects[name])

    def break_later(eventtime: float) -> None:
        for name in faulty:
            printer.objects[name] = Faulty()

    def ready_later() -> None:
        printer.get_reactor().register_callback(break_later)

    # This section comes before [zcal], and so does its handler.
    printer.register_event_handler("klippy:ready", ready)
    printer.register_event_handler("klippy:ready", ready_later)
    return object()
