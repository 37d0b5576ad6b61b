package dev.ect.spark.report.page;

import java.util.List;

/**
 * What the authors of ECT publish for CIFAR-10 (32x32, unconditional): DDPM++ of 55.7 million
 * parameters, batch 128, tuned from EDM's unconditional VP checkpoint; 50,000 generated images.
 *
 * @param setting length of the tuning
 * @param metric what was measured, in one step
 * @param oneStep value of one step; NaN where none is published
 * @param twoSteps value of two steps
 * @param source where it stands
 */
record PublishedFigures(
    String setting, String metric, double oneStep, double twoSteps, String source) {
  private static final String README = "README of the authors' code (locuslab/ect)";
  private static final String FID = "fid50k_full";

  static final List<PublishedFigures> ALL =
      List.of(
          new PublishedFigures(
              "8,000 steps, q = 256 (one hour)", FID, Double.NaN, 2.73, "paper, arXiv 2406.14548"),
          new PublishedFigures("100,000 steps", FID, 4.54, 2.20, README),
          new PublishedFigures("200,000 steps", FID, 3.86, 2.15, README),
          new PublishedFigures("400,000 steps", FID, 3.60, 2.11, README),
          new PublishedFigures("not stated", "fd_dinov2", 198.51, 128.63, README));
}
