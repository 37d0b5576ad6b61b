package dev.ect.spark.evaluation;

import org.apache.spark.api.java.JavaRDD;

/**
 * Features of a set of images, on the executors.
 *
 * @param chunks of the set
 * @param request place of the features among the chunks' values
 * @param count images that are taken, the first ones
 */
record SetFeatures(JavaRDD<FeatureChunk> chunks, int request, int count) {}
