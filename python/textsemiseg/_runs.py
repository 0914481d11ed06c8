"""Trained runs, opened once and applied to scans in memory."""
from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from ctypes import POINTER, c_char_p, c_double, c_float, c_uint8
from typing import Any, Callable, Iterator, Sequence

import numpy as np

from ._library import Array, Progress, last_error, library
from ._scans import descriptor, numbers, scan_of


@contextlib.contextmanager
def _interrupt_noted() -> Iterator[list]:
    """Ctrl-C is noted in the list, and does what it always does at the end. Raised inside a callback of C it would be lost: Python may
    look for it before the callback's first line."""
    noted: list = []
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield noted
        return
    signal.signal(signal.SIGINT, lambda *arguments: noted.append(arguments))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
    if noted:
        before(*noted[0])


class Run:
    """A trained run, or several whose probabilities are averaged. open_run() makes one."""

    def __init__(self, folders: Sequence[str], settings: dict[str, Any]):
        self._handle = None
        names = (c_char_p * len(folders))(*[os.fsencode(folder) for folder in folders])
        self._handle = library().tss_open_runs(names, len(folders), json.dumps(settings).encode())
        if not self._handle:
            raise last_error()
        facts = json.loads(library().tss_describe_runs(self._handle))
        self.class_names: tuple[str, ...] = tuple(facts["class_names"])  # by label, background first
        self.channels: int = facts["channels"]  # that a scan must have
        self.records: list[dict[str, Any]] = facts["runs"]  # what decides a prediction: method, checkpoint, recipe, windows, texts

    def predict(self, scan: Any, *, spacing: Sequence[float] | None = None, affine: Any = None, probabilities: bool = False,
                progress: Callable[[float], Any] | None = None) -> Any:
        """Classes of a raw scan on its own grid, as the verb `predict` gives them for the same scan in a file.

        scan: an array [x, y, z] or [channel, x, y, z] of raw intensities, a nibabel or SimpleITK image, or a list of these, one per
        channel. spacing: mm along x, y, z of an array whose axes point to the patient's right, front and head; affine: from indices to
        mm in RAS+, as nibabel has it; neither: 1 mm. progress: called with the share of the work that is done, 0 to 1; what it raises ends
        the prediction, and so does Ctrl-C.

        Returns a uint8 label map of the kind that the scan was; with probabilities=True a pair of that and a float32 array
        [class, x, y, z].
        """
        given = scan_of(scan, spacing, affine)
        channels = [numbers(channel, "scan") for channel in given.channels]
        matrix = np.ascontiguousarray(np.eye(4) if given.affine is None else given.affine)
        labels = np.empty(channels[0].shape, np.uint8)
        shares = np.empty((len(self.class_names), *labels.shape), np.float32) if probabilities else None
        raised: list[BaseException] = []
        with _interrupt_noted() as interrupts:

            def report(_context: Any, share: float) -> int:
                try:
                    if progress is not None:
                        progress(share)
                except BaseException as error:
                    raised.append(error)
                return 1 if raised or interrupts else 0

            code = library().tss_predict(
                self._handle, (Array * len(channels))(*map(descriptor, channels)), len(channels),
                matrix.ctypes.data_as(POINTER(c_double)), Progress(report), None, labels.ctypes.data_as(POINTER(c_uint8)),
                None if shares is None else shares.ctypes.data_as(POINTER(c_float)))
            if raised:
                raise raised[0]
        if code != 0:
            raise last_error()
        return given.like(labels) if shares is None else (given.like(labels), shares)

    def __repr__(self) -> str:
        runs = ", ".join(f"{record['run']} ({record['method']})" for record in self.records)
        return f"<textsemiseg.Run {runs}: {', '.join(self.class_names)}>"

    def __del__(self) -> None:
        if self._handle:
            library().tss_close_runs(self._handle)
            self._handle = None


def open_run(folder: str | os.PathLike[str], *more: str | os.PathLike[str], **settings: Any) -> Run:
    """Opens a run folder; of several the probabilities are averaged.

    settings: the options of the verb `predict` that change a prediction, by their names: overlap, stride ("18,18,4"), weights, preset,
    mirror, window_batch, keep_largest, min_component, device, checkpoint, precision, threads (of the whole process).
    """
    return Run([os.fspath(one) for one in (folder, *more)], settings)
