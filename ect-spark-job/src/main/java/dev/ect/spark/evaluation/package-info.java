/** Images from a network that is being tuned. */
package dev.ect.spark.evaluation;
