"""python -m textsemiseg: the program."""
from ._program import main

main()
