package dev.ect.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What every process of a benchmark does.
 *
 * @param command the command with its own options
 * @param results that a process prints
 * @param seconds the field of a result with the measured time
 * @param passes forward passes through the network per image in that time; a backward pass counts
 *     as two
 * @param pytorch settings of bench.py that other benchmarks do not share
 */
record BenchWork(
    List<String> command,
    int results,
    String seconds,
    ToDoubleFunction<JsonNode> passes,
    ObjectNode pytorch) {}
