/** What a run leaves behind for people: its directory, log and statistics. */
package dev.ect.spark.report;
