package dev.ect.spark.training;

import dev.ect.spark.report.RunDirectory;

/**
 * How a run ended.
 *
 * @param directory where everything lies
 * @param step optimiser steps done, all starts of the run together
 * @param images images processed
 * @param stopped whether it was stopped before its end
 * @param firstLoss mean loss of the first step of this start; NaN if there was none
 * @param lastLoss mean loss of the last tick; NaN if there was none
 * @param imagesPerSecond over all steps of this start
 * @param engine what computed, in words
 */
public record RunSummary(
    RunDirectory directory,
    long step,
    long images,
    boolean stopped,
    double firstLoss,
    double lastLoss,
    double imagesPerSecond,
    String engine) {}
