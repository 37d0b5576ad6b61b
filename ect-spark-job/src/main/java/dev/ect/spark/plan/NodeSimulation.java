package dev.ect.spark.plan;

import dev.ect.spark.exchange.ParameterServerNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * A node's threads, its cores and its link during a step, as a simulation of discrete events. What
 * it assumes:
 *
 * <ul>
 *   <li>All nodes are alike and in step, so that one stands for all: a frame that it has sent is
 *       one that comes to it.
 *   <li>A frame passes through threads in this order, each of which takes one frame at a time: the
 *       one that trains copies it, one seals it, Aeron sends it, the link carries it; then after
 *       the latency Aeron receives it, another thread opens it, and the one that trains uses it.
 *   <li>Threads that have something to do share the cores evenly where there are fewer cores than
 *       threads. A computation with several threads slows down as a whole.
 *   <li>Threads of the exchange that look for frames take a little of the cores always.
 *   <li>The link carries frames one after the other at full speed in each direction; the network
 *       behind it is not the narrowest place, and loses nothing.
 *   <li>Credits come back at once; their frames cost what others without bytes cost.
 * </ul>
 */
final class NodeSimulation {
  /** Frames used until a credit goes back, as a share of the window. */
  private static final int CREDITS = 4;

  private static final double LEAST_CORES = 0.01;

  /** What a frame carries. */
  enum Kind {
    NOTE,
    PART,
    SUM,
    GATHER
  }

  /** A frame under way. */
  record Frame(Kind kind, double bytes) {}

  /** Work for the thread that trains: with {@code seconds} on so many cores. */
  record Work(double seconds, double threads, Runnable then) {}

  /** What the thread that trains does. */
  interface Trainer {
    /** The next work; null to wait for a frame. */
    Work next();

    /** A frame has come and been opened. */
    void arrived(Frame frame);

    /** Whether the step is done. */
    boolean done();
  }

  /** A thread, or the link: does one thing after the other. */
  private static final class Station {
    private final StationCost cost;
    private final double credits;
    private final double threads;
    private final Queue<Frame> queue = new ArrayDeque<>();
    private Consumer<Frame> next;
    private double left;

    private Station(StationCost cost, double credits, double threads) {
      this.cost = cost;
      this.credits = credits;
      this.threads = threads;
    }

    private void add(Frame frame) {
      queue.add(frame);
      if (queue.size() == 1) {
        begin();
      }
    }

    private void begin() {
      left = cost.seconds(1, queue.element().bytes()) + credits * cost.frameSeconds();
    }

    private boolean busy() {
      return !queue.isEmpty();
    }

    private void end() {
      Frame frame = queue.remove();
      if (busy()) {
        begin();
      }
      next.accept(frame);
    }
  }

  private record Flying(Frame frame, double arrival) {}

  private final double cores;
  private final double latency;
  private final int window;
  private final List<Station> stations = new ArrayList<>();
  private final Deque<Flying> flying = new ArrayDeque<>();
  private Trainer trainer;
  private Work work;
  private double workLeft;
  private double now;
  private double bytesSent;

  /**
   * @param costs of the site's MTU
   */
  NodeSimulation(Site site, ExchangeCosts costs) {
    cores = Math.max(LEAST_CORES, site.cores() - costs.idleCores());
    latency = site.latencySeconds() + costs.latencySeconds();
    window = ParameterServerNode.window(site.executors());
    double credits = 1.0 / Math.max(1, window / CREDITS);
    Station seal = station(costs.seal(), credits, 1);
    Station send = station(costs.send(), credits, 1);
    Station link = station(new StationCost(0, site.byteSeconds()), 0, 0);
    Station receive = station(costs.receive(), credits, 1);
    Station open = station(costs.open(), credits, 1);
    seal.next = send::add;
    send.next = link::add;
    link.next = frame -> flying.add(new Flying(frame, now + latency));
    receive.next = open::add;
    open.next = frame -> trainer.arrived(frame);
  }

  private Station station(StationCost cost, double credits, double threads) {
    Station station = new Station(cost, credits, threads);
    stations.add(station);
    return station;
  }

  /** Most frames of a kind under way to each other node. */
  int window() {
    return window;
  }

  /** Sends a frame; its copying is the trainer's own work. */
  void send(Kind kind, double bytes) {
    double whole = bytes + ParameterServerNode.headerBytes();
    bytesSent += whole;
    stations.get(0).add(new Frame(kind, whole));
  }

  /** Bytes sent so far, with headers. */
  double bytesSent() {
    return bytesSent;
  }

  /** Runs a step; returns its seconds. */
  double run(Trainer steps) {
    trainer = steps;
    Station receive = stations.get(3);
    while (true) {
      if (work == null) {
        work = trainer.next();
        workLeft = work == null ? 0 : work.seconds();
      }
      if (work == null && trainer.done()) {
        return now;
      }
      double rate = rate();
      advance(nextEvent(rate), rate);
      while (!flying.isEmpty() && flying.element().arrival() <= now) {
        receive.add(flying.remove().frame());
      }
    }
  }

  /** How fast threads run: 1 unless they share cores. */
  private double rate() {
    double wanted = work == null ? 0 : work.threads();
    for (Station each : stations) {
      wanted += each.busy() ? each.threads : 0;
    }
    return wanted > cores ? cores / wanted : 1;
  }

  private static double rate(Station station, double shared) {
    return station.threads > 0 ? shared : 1;
  }

  /** Seconds until something ends or arrives. */
  private double nextEvent(double rate) {
    double seconds = work == null ? Double.POSITIVE_INFINITY : workLeft / rate;
    for (Station each : stations) {
      if (each.busy()) {
        seconds = Math.min(seconds, each.left / rate(each, rate));
      }
    }
    if (!flying.isEmpty()) {
      seconds = Math.min(seconds, flying.element().arrival() - now);
    }
    if (seconds == Double.POSITIVE_INFINITY) {
      throw new IllegalStateException("the node waits for frames that nobody sends");
    }
    return Math.max(0, seconds);
  }

  private void advance(double seconds, double rate) {
    now += seconds;
    // What ends at the same moment but for rounding ends now.
    double least = 1e-12;
    List<Station> ended = new ArrayList<>();
    for (Station each : stations) {
      if (each.busy()) {
        each.left -= seconds * rate(each, rate);
        if (each.left <= least) {
          ended.add(each);
        }
      }
    }
    if (work != null) {
      workLeft -= seconds * rate;
      if (workLeft <= least) {
        Runnable then = work.then();
        work = null;
        then.run();
      }
    }
    ended.forEach(Station::end);
  }
}
