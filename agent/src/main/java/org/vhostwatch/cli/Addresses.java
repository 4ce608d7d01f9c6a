package org.vhostwatch.cli;

import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 127.0.0.1:19739}, {@code [::1]:19739} or {@code host:19739}. */
final class Addresses implements ITypeConverter<InetSocketAddress> {

  private static final Pattern FORM =
      Pattern.compile("(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]]+):(\\d{1,5})");

  @Override
  public InetSocketAddress convert(String value) {
    Matcher matcher = FORM.matcher(value);
    int port = matcher.matches() ? Integer.parseInt(matcher.group(2)) : -1;
    if (port < 0 || port > 65_535) {
      throw new TypeConversionException("'" + value + "' is not an address like 127.0.0.1:19739");
    }
    InetSocketAddress address = new InetSocketAddress(matcher.group(1), port);
    if (address.isUnresolved()) {
      throw new TypeConversionException("'" + matcher.group(1) + "' is not an address of a host");
    }
    return address;
  }
}
