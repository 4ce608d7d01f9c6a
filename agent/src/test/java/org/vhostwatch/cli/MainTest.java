package org.vhostwatch.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.vhostwatch.report.ExitCode;

class MainTest {

  @Test
  void anErrorIsNoWarning() {
    assertThat(said(false)).isEqualTo("vhostwatch: java.lang.NoClassDefFoundError: a/Class\n");
    assertThat(said(true)).contains("a/Class", "\tat " + MainTest.class.getName());
  }

  private static String said(boolean verbose) {
    StringWriter err = new StringWriter();
    int exitCode =
        Main.exitCode(
            () -> {
              throw new NoClassDefFoundError("a/Class");
            },
            new PrintWriter(err, true),
            verbose);
    assertThat(exitCode).isEqualTo(ExitCode.UNKNOWN);
    return err.toString();
  }

  @Test
  void whatItSaysIsUtf8WhateverTheLocaleIs() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dsun.stdout.encoding=US-ASCII",
            "-Dsun.stderr.encoding=US-ASCII",
            "-Dstdout.encoding=US-ASCII",
            "-Dstderr.encoding=US-ASCII",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "org.vhostwatch.cli.Main",
            "b\u00fcro");
    builder.environment().put("LC_ALL", "C.UTF-8");
    Process process = builder.start();
    String said = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isEqualTo(ExitCode.USAGE);
    assertThat(said).contains("b\u00fcro");
  }
}
