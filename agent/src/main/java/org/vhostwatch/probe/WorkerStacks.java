package org.vhostwatch.probe;

import java.util.List;

/**
 * Where a captured worker was, whether one of its queues spun or not.
 *
 * @param tid worker
 * @param stacks its kernel stacks, most frequent first
 */
public record WorkerStacks(int tid, List<Evidence.Stack> stacks) {
  public WorkerStacks {
    stacks = List.copyOf(stacks);
  }
}
