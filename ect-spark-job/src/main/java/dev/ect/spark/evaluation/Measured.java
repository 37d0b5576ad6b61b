package dev.ect.spark.evaluation;

import java.util.Map;

/**
 * What a measurement gave.
 *
 * @param measurement what was measured
 * @param repeat number of the evaluation, from 0
 * @param seeds numbers of the generated images
 * @param values by the names that StyleGAN's result files use, such as {@code fid50k_full}, {@code
 *     is50k_mean} or {@code pr50k3_full_recall}
 * @param realImages how many real images it was compared with; 0 for none or unknown
 * @param seconds that all measurements of this network and repeat took together
 */
public record Measured(
    Measurement measurement,
    int repeat,
    ImageRange seeds,
    Map<String, Double> values,
    long realImages,
    double seconds) {}
