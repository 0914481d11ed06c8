#include "textsemiseg/cli/program.h"

int main(int argc, char** argv) { return tss::run_program(argc, argv); }
