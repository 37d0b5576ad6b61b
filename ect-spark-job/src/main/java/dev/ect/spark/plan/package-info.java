/** Predicts what a run costs on executors that are not there yet, from measurements. */
package dev.ect.spark.plan;
