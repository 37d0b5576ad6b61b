/** Tuning as a Spark job. */
package dev.ect.spark.training;
