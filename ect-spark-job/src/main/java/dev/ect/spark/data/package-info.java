/** The way from stored images to batches on an executor. */
package dev.ect.spark.data;
