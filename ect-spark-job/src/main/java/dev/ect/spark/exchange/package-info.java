/** How replicas agree on a gradient. */
package dev.ect.spark.exchange;
