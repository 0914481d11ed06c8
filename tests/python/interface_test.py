"""python/textsemiseg against the program: interface_test.py [unittest's words]. TSS_BUILD is the folder of program and library; without it
the installed package is tested."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

try:
    import numpy as np
except ImportError:
    print("skipped: no numpy")
    sys.exit(0)
if "TSS_BUILD" in os.environ:
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
import phantom
import textsemiseg as tss
from textsemiseg._files import PROGRAM
from textsemiseg._program import environment

SMALL = {"sampler.patch": [16, 16, 16], "network.widths": [4, 8], "network.depths": [1, 1]}


def program(*words: object) -> subprocess.CompletedProcess:
    return subprocess.run([str(PROGRAM), *map(str, words)], env=environment(), capture_output=True, text=True, check=False)


def read_nifti(path: pathlib.Path) -> np.ndarray:
    """What the program writes: uint8 or float32 without scaling."""
    import gzip
    import struct

    data = gzip.open(path).read()
    size = struct.unpack_from("<3h", data, 42)
    kind = {2: np.uint8, 16: np.float32}[struct.unpack_from("<h", data, 70)[0]]
    return np.frombuffer(data, kind, int(np.prod(size)), int(struct.unpack_from("<f", data, 108)[0])).reshape(size, order="F")


class Interface(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = folder = pathlib.Path(cls.temporary.name)
        phantom.write_folder(folder / "scans")
        tss.prepare(source=folder / "scans", dataset=folder / "dataset", recipe="generic", labelled="3", seed=0, quiet=True)
        cls.said = tss.train(dataset=folder / "dataset", method="supervised", run=folder / "run", iterations=20, set=SMALL, quiet=True)
        cls.voxels, cls.label = phantom.case(77)
        cls.scan = folder / "new.nii.gz"
        phantom.write_nifti(cls.scan, cls.voxels, phantom.AFFINE)
        phantom.write_nifti(folder / "new_label.nii.gz", cls.label, phantom.AFFINE)
        out = program("predict", "--run", folder / "run", "--input", cls.scan, "--output", folder / "new_out.nii.gz", "--probabilities")
        assert out.returncode == 0, out.stderr
        cls.labels = read_nifti(folder / "new_out.nii.gz")
        cls.probabilities = np.stack([read_nifti(folder / f"new_out_probability_{k}.nii.gz") for k in range(2)])
        cls.affine = phantom.AFFINE.astype(np.float32)  # as NIfTI keeps it

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def open(self, **settings):
        return tss.open_run(self.folder / "run", **settings)

    def test_predicts_as_the_program_does(self):
        run = self.open()
        self.assertEqual((run.class_names, run.channels), (("background", "ball"), 1))
        labels, probabilities = run.predict(self.voxels, affine=self.affine, probabilities=True)
        self.assertEqual(labels.dtype, np.uint8)
        np.testing.assert_array_equal(labels, self.labels)
        np.testing.assert_array_equal(probabilities, self.probabilities)
        self.assertGreater(len(np.unique(probabilities)), 1000, "a constant would hide an axis that is the wrong way round")

    def test_whatever_the_array_is_made_of(self):
        run = self.open()
        padded = np.zeros((40, 22, 36), np.float64)
        padded[::2, :, ::2] = self.voxels
        for name, array in {
            "float32": self.voxels.astype(np.float32), "Fortran": np.asfortranarray(self.voxels), "big endian": self.voxels.astype(">i4"),
            "every other voxel": padded[::2, :, ::2], "backwards": self.voxels[::-1, :, ::-1].copy()[::-1, :, ::-1],
            "one channel": self.voxels[None], "a list of channels": [self.voxels], "float16": self.voxels.astype(np.float16),
        }.items():
            with self.subTest(name):
                np.testing.assert_array_equal(run.predict(array, affine=self.affine), self.labels)

    def test_spacing_is_the_affine_of_axes_to_right_front_and_head(self):
        run = self.open()
        scaled = np.diag([*phantom.SPACING, 1])
        one, two = (run.predict(self.voxels, probabilities=True, **place)[1] for place in ({"spacing": phantom.SPACING}, {"affine": scaled}))
        np.testing.assert_array_equal(one, two)

    def test_options_are_those_of_predict(self):
        file = self.folder / "largest.nii.gz"
        out = program("predict", "--run", self.folder / "run", "--input", self.scan, "--output", file, "--overlap", 0.25, "--keep-largest")
        self.assertEqual(out.returncode, 0, out.stderr)
        labels = self.open(overlap=0.25, keep_largest=True).predict(self.voxels, affine=self.affine)
        np.testing.assert_array_equal(labels, read_nifti(file))
        with self.assertRaisesRegex(tss.InputError, "overlp"):
            self.open(overlp=0.25)

    def test_several_runs_are_averaged(self):
        two = tss.open_run(self.folder / "run", self.folder / "run")
        _, probabilities = two.predict(self.voxels, affine=self.affine, probabilities=True)
        np.testing.assert_allclose(probabilities, self.probabilities, atol=1e-6)

    def test_nibabel(self):
        try:
            import nibabel
        except ImportError:
            self.skipTest("skipped: no nibabel")
        image = nibabel.load(self.scan)
        labels = self.open().predict(image)
        self.assertIsInstance(labels, nibabel.Nifti1Image)
        self.assertEqual(labels.get_data_dtype(), np.uint8)
        np.testing.assert_array_equal(np.asarray(labels.dataobj), self.labels)
        np.testing.assert_array_equal(labels.affine, image.affine)
        nibabel.save(labels, self.folder / "again.nii.gz")
        self.assertEqual(program("evaluate", "--reference", self.folder / "new_out.nii.gz", "--prediction", self.folder / "again.nii.gz").returncode, 0)
        reference = nibabel.Nifti1Image(self.label, image.affine)
        self.assertEqual(tss.evaluate(reference, reference)["mean"]["dice"], 1)
        with self.assertRaisesRegex(tss.InputError, "place of its own"):
            self.open().predict(image, spacing=(1, 1, 1))
        with self.assertRaisesRegex(tss.InputError, "places of their own"):
            tss.evaluate(reference, reference, spacing=(1, 1, 1))
        with self.assertRaisesRegex(tss.InputError, "channel 1: lies elsewhere"):
            self.open().predict([self.voxels, image])

    def test_simple_itk(self):
        try:
            import SimpleITK
        except ImportError:
            self.skipTest("skipped: no SimpleITK")
        image = SimpleITK.ReadImage(str(self.scan))
        labels = self.open().predict(image)
        self.assertIsInstance(labels, SimpleITK.Image)
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(labels).transpose(2, 1, 0), self.labels)
        self.assertEqual((labels.GetOrigin(), labels.GetDirection()), (image.GetOrigin(), image.GetDirection()))
        elsewhere = SimpleITK.Image(labels)
        elsewhere.SetOrigin((0, 0, 50))
        with self.assertRaisesRegex(tss.InputError, "origin"):
            tss.evaluate(labels, elsewhere)

    def test_evaluates_as_the_program_does(self):
        shifted = np.roll(self.label, 2, axis=0)
        phantom.write_nifti(self.folder / "shifted.nii.gz", shifted, phantom.AFFINE)
        out = program("evaluate", "--reference", self.folder / "new_label.nii.gz", "--prediction", self.folder / "shifted.nii.gz", "--json")
        theirs, ours = json.loads(out.stdout), tss.evaluate(self.label, shifted, phantom.SPACING)
        self.assertLess(ours["mean"]["dice"], 0.9)
        for name, value in theirs["classes"][0].items():
            self.assertAlmostEqual(ours["classes"][0][name], value, places=5, msg=name)
        named = tss.evaluate(self.label, shifted, phantom.SPACING, class_names=["background", "ball", "cube"])
        self.assertEqual([entry["name"] for entry in named["classes"]], ["ball", "cube"])
        self.assertIsNone(named["classes"][1]["dice"])

    def test_bad_input_is_one_line(self):
        run = self.open()
        flat = self.affine.copy()
        flat[:3, 2] = flat[:3, 1]
        for words, action in {
            "scan: has 2 channel": lambda: run.predict(np.stack([self.voxels] * 2)),
            "scan: has the shape .5, 5.": lambda: run.predict(np.zeros((5, 5))),
            "scan: has no voxel": lambda: run.predict(np.zeros((5, 0, 5))),
            "scan: 1 voxel is NaN or infinite": lambda: run.predict(np.where(np.arange(125).reshape(5, 5, 5) == 7, np.nan, 1.0)),
            "scan: holds elements of the type complex128": lambda: run.predict(self.voxels * 1j),
            "affine: has the shape": lambda: run.predict(self.voxels, affine=np.eye(3)),
            "spacing: has the shape": lambda: run.predict(self.voxels, spacing=2),
            "scan: spacing and affine": lambda: run.predict(self.voxels, affine=np.eye(4), spacing=(1, 1, 1)),
            "scan: ": lambda: run.predict(self.voxels, affine=flat),
            "scan: .*spacing": lambda: run.predict(self.voxels, spacing=(1, 1, 0)),
            "reference: holds the value 300": lambda: tss.evaluate(self.label * np.int16(300), self.label),
            "prediction: holds the value 0.5": lambda: tss.evaluate(self.label, self.label * 0.5),
            "prediction: size": lambda: tss.evaluate(self.label, self.label[1:]),
            "options.classes: 'a, b'": lambda: tss.evaluate(self.label, self.label, class_names=["background", "a, b"]),
            "prediction: .*1 to 1|prediction: ": lambda: tss.evaluate(self.label, self.label * 2, class_names=["background", "ball"]),
        }.items():
            with self.subTest(words):
                with self.assertRaisesRegex(tss.InputError, words) as caught:
                    action()
                self.assertIsInstance(caught.exception, ValueError)
                self.assertNotIn("\n", str(caught.exception))

    def test_errors_are_the_lines_of_the_program(self):
        nowhere = self.folder / "nowhere"
        line = program("predict", "--run", nowhere, "--input", self.scan, "--output", self.folder / "x.nii.gz").stderr.strip()
        with self.assertRaises(tss.InputError) as caught:
            tss.open_run(nowhere)
        self.assertEqual("error: " + str(caught.exception), line)
        with self.assertRaises(tss.InputError) as caught:
            tss.train(dataset=nowhere, run=nowhere, method="supervised")
        self.assertEqual("error: " + str(caught.exception), program("train", "--dataset", nowhere, "--run", nowhere, "--method", "supervised").stderr.strip())
        with self.assertRaisesRegex(tss.UsageError, "--itrations"):
            tss.train(itrations=3)

    def test_progress_and_what_it_raises(self):
        run, shares = self.open(overlap=0.75), []
        run.predict(self.voxels, affine=self.affine, progress=shares.append)
        self.assertEqual((shares, shares[-1]), (sorted(shares), 1))
        with self.assertRaisesRegex(ZeroDivisionError, "division"):
            run.predict(self.voxels, progress=lambda share: 1 / 0)
        np.testing.assert_array_equal(self.open().predict(self.voxels, affine=self.affine), self.labels)

    def test_ctrl_c_ends_a_prediction(self):
        run = self.open(overlap=0.9, window_batch=1)
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        began = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            while time.monotonic() < began + 60:
                run.predict(np.tile(self.voxels, (3, 3, 3)))

    def test_ctrl_c_stops_a_training_which_goes_on(self):
        def stop(event):
            if event["title"] and event["done"] >= 3:
                os.kill(os.getpid(), signal.SIGINT)

        words = {"dataset": self.folder / "dataset", "method": "supervised", "run": self.folder / "stopped", "set": SMALL, "quiet": False}
        sys.stderr, before = open(os.devnull, "w"), sys.stderr
        try:
            with self.assertRaises(KeyboardInterrupt):
                tss.train(iterations=100000, progress=stop, **words)
            self.assertTrue(list((self.folder / "stopped").rglob("last*")), "the state is saved")
            tss.report(self.folder / "run", output=self.folder / "page.html")
        finally:
            sys.stderr.close()
            sys.stderr = before
        self.assertGreater((self.folder / "page.html").stat().st_size, 10000)

    def test_verbs_give_their_documents(self):
        self.assertIn("supervised", tss.call("list"))
        self.assertIn("supervised", json.dumps(tss.call("list", json=True)))

    def test_threads_wait_for_each_other(self):
        run, found = self.open(), []
        threads = [threading.Thread(target=lambda: found.append(run.predict(self.voxels, affine=self.affine))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for labels in found:
            np.testing.assert_array_equal(labels, self.labels)
        self.assertEqual(len(found), 3)

    def test_beside_torch(self):
        try:
            import torch
        except ImportError:
            self.skipTest("skipped: no torch")
        weights = torch.randn(4, 4)
        np.testing.assert_array_equal(self.open().predict(torch.from_numpy(self.voxels), affine=self.affine), self.labels)
        self.assertTrue(torch.is_grad_enabled())
        self.assertTrue(weights.requires_grad_().matmul(weights).sum().requires_grad)


if __name__ == "__main__":
    unittest.main(verbosity=1)
