/** A run's report: a page with curves, images, results and what the run is made of. */
package dev.ect.spark.report.page;
