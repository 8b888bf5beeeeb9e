"""An extra of klippy's that makes it one which zcal does not know: objects that zcal uses are not what they were."""

from typing import Any


class Replaced:
    """Stands for one of klippy's objects: knows its status and nothing else."""

    def __init__(self, original: Any) -> None:
        self.get_status = getattr(original, "get_status", None)


class Faulty:
    """Stands for one of klippy's objects, and raises whatever is asked of it."""

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

    # This section stands before [zcal], and so does its handler.
    printer.register_event_handler("klippy:ready", ready)
    printer.register_event_handler("klippy:ready", ready_later)
    return object()
