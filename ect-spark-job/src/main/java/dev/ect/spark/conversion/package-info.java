/** Makes datasets of large collections of images on Spark's executors. */
package dev.ect.spark.conversion;
