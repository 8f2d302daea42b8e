# An exercise of R/exams as Moodle XML: Rscript rexams.R FOLDER_OF_PACKAGES EXERCISE.Rmd FOLDER COPIES
arguments <- commandArgs(trailingOnly = TRUE)
.libPaths(c(arguments[1], .libPaths()))
suppressPackageStartupMessages(library(exams))
set.seed(7)
exams2moodle(basename(arguments[2]), n = as.integer(arguments[4]), name = "exercise", dir = arguments[3], edir = dirname(arguments[2]), verbose = FALSE)
