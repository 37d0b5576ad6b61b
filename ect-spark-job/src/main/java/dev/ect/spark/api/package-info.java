/** The job for programs and notebooks: what the commands do, on a Spark that is there already. */
package dev.ect.spark.api;
