#!/bin/sh
cc -o main main.c lib/sum.c && ./main
