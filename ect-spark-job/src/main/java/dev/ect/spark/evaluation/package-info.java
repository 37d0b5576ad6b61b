/** Images of networks: generating them on Spark's executors, and measuring how good they are. */
package dev.ect.spark.evaluation;
