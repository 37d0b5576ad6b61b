/** Configuration: files, defaults, checks. */
package dev.ect.spark.config;
