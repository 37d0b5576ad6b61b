/** The command line. */
package dev.ect.spark.cli;
