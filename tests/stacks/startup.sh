#!/bin/sh
export TZ=UTC
