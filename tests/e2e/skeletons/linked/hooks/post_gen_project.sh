#!/bin/sh
set -e
ln -s versions latest
ln -s latest/1.txt current.txt
