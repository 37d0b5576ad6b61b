/** How replicas agree on a gradient or an update. */
package dev.ect.spark.exchange;
