"""The application: polls the session's snapshot, carries out what the screens ask, keeps STOP within reach."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.screen import Screen

from zcal_tui.checks.base import Check
from zcal_tui.model.outcome_words import LEVEL_WORDS
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.record import SAVE, Outcome, Problem, Record
from zcal_tui.session.port import RunOptions, SessionBusy, SessionPort
from zcal_tui.session.snapshot import LinkState, Snapshot
from zcal_tui.stats.operator_scatter import SHARED, OperatorScatter
from zcal_tui.tui import messages
from zcal_tui.tui.app_base import AppBase
from zcal_tui.tui.app_state import ALL, AppState
from zcal_tui.tui.screens.base import Follower
from zcal_tui.tui.screens.connection import ConnectionScreen

if TYPE_CHECKING:
    from zcal_tui.tui.prompts import Prompts

POLL_SECONDS = 0.25
ANSWER_POLL_SECONDS = 0.08
"""After an answer: the printer's move is often over by then."""
FIRST_POLL_SECONDS = 0.03
"""Until the link is up for the first time: a person waits for the plan."""

CANCELLED = 5
"""Exit code where the person leaves while a check runs, which cancels it."""
NOT_REACHABLE = 3
"""Exit code where the person leaves because the printer cannot be reached."""


def _to_explain(record: Record) -> Problem | None:
    """What ended a run, unless the person did: a problem that needs a box."""
    return None if record.outcome is Outcome.CANCELLED else record.problem


class ZcalApp(AppBase):
    """The TUI over one session."""

    def __init__(
        self,
        session: SessionPort,
        checks: Mapping[str, Check],
        *,
        check: str | None = None,
        parameters: Any = None,
        theme: str | None = None,
        keymap: Mapping[str, str] | None = None,
        save: SavePolicy = "ask",
        operator: str = SHARED,
        environ: Mapping[str, str] | None = None,
        app_state: AppState | None = None,
        kiosk: bool = False,
        shown: Callable[[], None] | None = None,
    ) -> None:
        """`shown` is called once the first frame is out; with `kiosk` nothing leads out of the program."""
        super().__init__(app_state or AppState(session, checks), theme, keymap, environ)
        self.session = session
        self.app_state.kiosk = kiosk
        self._save: SavePolicy = save
        self.app_state.saves = save == "ask"
        self.app_state.operator = OperatorScatter(operator)
        self._shown = shown
        self._open_at_once = check
        if check is not None and parameters is not None:
            self.app_state.chosen[check] = parameters
        self._connected_once = False
        self._stopped_run: str | None = None
        self._after_stop: messages.RunWatched | None = None
        """The run during which the person pressed STOP: they know why it ended."""
        self._prompts: Prompts | None = None
        self._floor = 1
        """How many screens always stay: the connection's page and, once the link was up, the plan."""
        self.relaunch: tuple[str, ...] | None = None
        """The arguments to start the program again with, once it has left; None where it is not."""
        self.closed = False
        """Whether the session was closed on the way out."""

    # ------------------------------------------------------------------ the snapshot

    def get_default_screen(self) -> Screen[Any]:
        """The first frame: how far the link is."""
        return ConnectionScreen(self.app_state)

    def on_mount(self) -> None:
        """Have the session begin once the first frame is out, and read it."""
        self.call_after_refresh(self.session.start)
        if self._shown is not None:
            self.call_after_refresh(self._shown)
        self._poller = self.set_interval(FIRST_POLL_SECONDS, self.poll)
        self.call_after_refresh(self.poll)

    def poll(self) -> None:
        """Take the newest snapshot; where it is another one, show it on what can be seen."""
        if not self.is_running or not self.screen_stack:
            return  # a last tick while the app is being taken down, with screens that have lost their widgets
        running, before = self.app_state.running, self.app_state.snapshot
        error = self.app_state.last_error
        changed = self.app_state.refresh()
        if self._prompts is not None:
            self._prompts.update(changed=changed)
        if not changed:
            return
        snapshot = self.app_state.snapshot
        self._follow_link(snapshot)
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Follower) and screen.can_follow:
                screen.show(snapshot)
            if not screen.is_modal:
                break
        other_klippy = before.printer.klippy != snapshot.printer.klippy
        if running != self.app_state.running or other_klippy or error != self.app_state.last_error:
            self.refresh_bindings()
        if running == ALL and self.app_state.running is None:
            self.bell()  # the person may have left
        if running is not None and self.app_state.running is None:
            self._notify_end()
            self._learn_operator()
        if snapshot.unrestored and snapshot.unrestored != before.unrestored:
            self.notify(
                f"An earlier run ended without cleaning up: it {snapshot.unrestored}. The next check offers to put it "
                "back.",
                severity="warning",
                timeout=20,
                markup=False,
            )

    def _follow_link(self, snapshot: Snapshot) -> None:
        """The plan once the link is up; the page that explains where it cannot come up without a person."""
        state = snapshot.link.state
        if state is LinkState.UP and not self._connected_once:
            self._connected_once = True
            self._poller.stop()
            self._poller = self.set_interval(POLL_SECONDS, self.poll)
            self._show_plan()
        elif state is LinkState.UP and isinstance(self.screen, ConnectionScreen):
            self.pop_screen()
        elif (
            state is LinkState.FAILED
            and self._connected_once
            and not isinstance(self.screen, ConnectionScreen)
        ):
            self.push_screen(ConnectionScreen(self.app_state))

    def _show_plan(self) -> None:
        from zcal_tui.tui.prompts import Prompts
        from zcal_tui.tui.screens.plan import PlanScreen

        self._prompts = Prompts(self, self.app_state)
        name, self._open_at_once = self._open_at_once, None
        self._to_plan()
        self.push_screen(PlanScreen(self.app_state, chosen=name))
        self._floor += 1
        self._learn_operator()
        if self.app_state.running is not None:
            self.post_message(messages.RunWatched(self.app_state.running))

    @work(group="operator-tests", exclusive=True)
    async def _learn_operator(self) -> None:
        """Read what the stored paper tests show of the operator."""
        from zcal_tui.results.operators import learned

        name = self.app_state.operator.name
        found = await asyncio.to_thread(learned, self.session.store, name)
        if self.app_state.operator.name == name:
            self.app_state.operator = found

    def _notify_end(self) -> None:
        """Notify about a run that ended while another screen was in front."""
        from zcal_tui.tui.screens.run import RunScreen

        run = self.app_state.snapshot.run
        record = run.record if run is not None else None
        behind = next(screen for screen in reversed(self.screen_stack) if not screen.is_modal)
        if record is None or isinstance(behind, RunScreen):
            return
        word = LEVEL_WORDS[record.verdict.level] if record.verdict else "ended without a verdict"
        self.notify(f"{self.app_state.title(record.check)}: {word}", markup=False)

    # ------------------------------------------------------------------ what the screens ask

    @on(messages.StartRequested)
    def _start(self, message: messages.StartRequested) -> None:
        parameters = message.parameters or self.app_state.parameters(message.check, message.resume)
        self._begin(message.check, parameters, message.resume)

    @on(messages.SaveRequested)
    def _save_result(self, message: messages.SaveRequested) -> None:
        from zcal_tui.session.saving.save_group import SaveGroupParameters

        self._begin(SAVE, SaveGroupParameters(message.record.id))

    @on(messages.DiscardRequested)
    def _discard_result(self, message: messages.DiscardRequested) -> None:
        self.session.discard_result(message.record)
        self._to_plan()
        title = self.app_state.title(message.record.check)
        self.notify(f"{title}: the result is discarded. It stays in the history.", markup=False)

    def _begin(self, check: str, parameters: Any, resume: Record | None = None) -> None:
        """Start a run, and show it."""
        from zcal_tui.tui.screens.run import RunScreen

        self.app_state.refresh()
        screen = RunScreen(self.app_state, check)
        options = RunOptions(
            save=self._save,
            resume=resume,
            operator=self.app_state.operator.name,
            collect=self.app_state.saves,
        )
        try:
            self.session.start_check(check, parameters, options)
        except SessionBusy:
            self.notify("A check is already running.", severity="warning", markup=False)
            return
        self.app_state.begin(check)
        self._to_plan()
        self.push_screen(screen)

    @on(messages.RunWatched)
    def _watch(self, message: messages.RunWatched) -> None:
        """The running check's screen; its result once it is over."""
        from zcal_tui.tui.screens.modals import ProblemModal, StoppedModal

        if isinstance(self.screen, StoppedModal):
            self._after_stop = message  # no key meant for that box may be lost in a change of pages below it
            return
        run = self.app_state.snapshot.run
        self._to_plan()
        check = ALL if self.app_state.guided else message.check
        if self.app_state.guided or (run is not None and run.running and run.record.check == check):
            from zcal_tui.tui.screens.run import RunScreen

            self.push_screen(RunScreen(self.app_state, check))
            return
        if run is None or run.record.check != check:
            return
        from zcal_tui.tui.screens.verdict import VerdictScreen

        record: Record = run.record
        notices: tuple[str, ...] = ()
        if check == SAVE and (saved := self._result_of(run.record)) is not None:
            record, notices = saved, run.notices
        declined = any(change.state == "declined" for change in run.record.changes)
        self.push_screen(VerdictScreen(self.app_state, record, notices, declined=declined))
        if (problem := _to_explain(run.record)) is not None and self._stopped_run != run.record.id:
            self.push_screen(ProblemModal(self.app_state, problem, "The check stopped", nozzle=True))

    def _result_of(self, save: Record) -> Record | None:
        """The result whose values this run was to save, as it is now."""
        wanted = save.parameters.get("run")
        found = next((record for record in self.app_state.last.values() if record.id == wanted), None)
        if found is not None and any(change.state == "declined" for change in save.changes):
            self.app_state.reminded.add(found.id)
        return found

    @on(messages.SettingsRequested)
    def _settings(self, message: messages.SettingsRequested) -> None:
        from zcal_tui.tui.screens.settings import SettingsScreen

        self._to_plan()
        self.push_screen(SettingsScreen(self.app_state, message.check))

    @on(messages.PlanRequested)
    def _to_plan(self) -> None:
        """Down to the plan; to the connection's page before there was a link."""
        while len(self.screen_stack) > self._floor:
            self.pop_screen()

    @on(messages.CancelRequested)
    def _cancel(self) -> None:
        self.session.cancel()

    @on(messages.AnswerGiven)
    def _answer(self, message: messages.AnswerGiven) -> None:
        self.session.answer(message.n, message.answer)
        if self._prompts is not None:
            self._prompts.update(changed=False)
        self.set_timer(ANSWER_POLL_SECONDS, self.poll)

    @on(messages.GcodeEntered)
    def _gcode(self, message: messages.GcodeEntered) -> None:
        if message.script.split()[0].upper() == "M112":
            self.action_stop()  # as a script it would wait behind what moves
        else:
            self.session.send_gcode(message.script)

    @on(messages.AnnounceRequested)
    def _announce(self, message: messages.AnnounceRequested) -> None:
        self.session.announce(message.line)

    @on(messages.StopRequested)
    def action_stop(self) -> None:
        """The emergency stop: first the printer, then the box."""
        self.session.emergency_stop()
        if self.app_state.running is not None and self.app_state.snapshot.run is not None:
            self._stopped_run = self.app_state.snapshot.run.record.id
        from zcal_tui.tui.screens.modals import StoppedModal

        if not isinstance(self.screen, StoppedModal):
            self._after_stop = None
            self.push_screen(StoppedModal(self.app_state), self._stop_closed)

    def _stop_closed(self, _: None) -> None:
        """The result of the run that was stopped."""
        message, self._after_stop = self._after_stop, None
        if message is not None:
            self.post_message(message)

    @on(messages.FirmwareRestartRequested)
    def action_firmware_restart(self) -> None:
        """Bring klippy back after a shutdown or an error."""
        self.session.firmware_restart()

    def action_plan(self) -> None:
        """The plan; a run continues."""
        self._to_plan()

    def action_cancel_run(self) -> None:
        """End the running check, from wherever."""
        self.session.cancel()

    async def action_back(self) -> None:
        """The screen before."""
        if len(self.screen_stack) > self._floor:
            self.pop_screen()

    # ------------------------------------------------------------------ leaving

    @on(messages.RelaunchRequested)
    def _relaunch(self, message: messages.RelaunchRequested) -> None:
        """Leave, to start again with other arguments; the launcher does that once the terminal is given back."""
        self.relaunch = message.arguments
        self.action_leave()

    @work(group="leave")
    async def action_leave(self) -> None:
        """Leave; asks while a run is on, and cleans up first in any case."""
        from zcal_tui.tui.screens.modals import ConfirmModal, LeavingModal
        from zcal_tui.tui.unsaved import not_saved, not_saved_text

        if isinstance(self.screen, (ConfirmModal, LeavingModal)):
            return
        if self.app_state.running is not None and not await self.push_screen_wait(
            ConfirmModal(
                self.app_state,
                "Quit?",
                "A check is running. Quitting cancels it and restores the printer's state. Samples taken so far are "
                "kept.",
                "Quit",
                "Continue",
            )
        ):
            return
        if self.app_state.running is None and (left := not_saved(self.app_state)):
            self.app_state.reminded.update(record.id for record in left)
            if not await self.push_screen_wait(
                ConfirmModal(
                    self.app_state,
                    "Quit without saving?",
                    f"{not_saved_text(self.app_state, left)} The history shows it as proposed. The last result of the "
                    "check offers to save it as long as it holds.",
                    "Quit",
                    "Back",
                )
            ):
                return
        self.push_screen(LeavingModal(self.app_state))
        code = 0
        if self.app_state.running is not None:
            code = CANCELLED
        elif self.app_state.snapshot.link.state is LinkState.FAILED:
            code = NOT_REACHABLE
        await asyncio.to_thread(self.session.close)
        self.closed = True
        self.exit(code)
