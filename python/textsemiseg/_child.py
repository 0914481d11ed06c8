"""_child.py PROGRAM WORD...: becomes the program, which is told to stop (SIGTERM) when the process that started this one is gone."""
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
os.execv(sys.argv[1], sys.argv[1:])
