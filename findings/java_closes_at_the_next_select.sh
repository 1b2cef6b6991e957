#!/bin/bash
# A ServerSocketChannel of Java that was closed takes connections until the next select()
# of its Selector, a closed DatagramChannel keeps its port, and a closed pipe has no end.
#
# Seen with OpenJDK 17.0.15 (openjdk-17-jdk-headless 17.0.15+6-1~deb12u1, Debian 12) on
# Linux 6.18. The package must be installed.
#
# The usual guess: close() closes. isOpen() is false, a registered key is cancelled, which
# SelectableChannel says takes effect at the next select(), as far as the Selector goes;
# a SocketChannel's peer has the end of file at once.
# Seen: while a key is there, only SocketChannel tells its peer. The descriptor itself is
# open until a selection operation has removed the key. So a server that closes its
# listener and then ends its loop leaves a port on which clients connect, and wait for
# an answer, for as long as the process lives; then they get a reset. A new channel cannot
# have the port of the old. If select() sleeps in another thread, the close() takes
# effect at the next event. Call selectNow() after close(), or close the Selector.
#
# Output:
#   closed, isOpen() false: client connected, UDP port in use, pipe 0, socket -1
#   after selectNow():      client refused, UDP port free, pipe -1, socket -1
#   the client of before:   Connection reset
set -eu
command -v java >/dev/null || { echo "openjdk-17-jdk-headless is needed"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > Probe.java <<'JAVA'
import java.io.IOException;
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.channels.*;

public class Probe {
  static Selector selector;

  static <T extends SelectableChannel> T register(T channel, int operations)
      throws IOException {
    channel.configureBlocking(false);
    channel.register(selector, operations);
    return channel;
  }

  static SocketChannel client;

  static String state(SocketAddress tcp, SocketAddress udp, Pipe.SourceChannel source,
                      SocketChannel peer) throws IOException {
    String connected = "connected", port = "free";
    try {
      client = SocketChannel.open(tcp);
    } catch (ConnectException error) {
      connected = "refused";
    }
    try (DatagramChannel another = DatagramChannel.open()) {
      another.bind(udp);
    } catch (BindException error) {
      port = "in use";
    }
    ByteBuffer buffer = ByteBuffer.allocate(8);
    return "client " + connected + ", UDP port " + port + ", pipe " +
        source.read(buffer) + ", socket " + peer.read(buffer);
  }

  public static void main(String[] arguments) throws IOException {
    System.out.println("Java " + System.getProperty("java.version"));
    selector = Selector.open();
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ServerSocketChannel server = ServerSocketChannel.open().bind(any);
    SocketAddress tcp = server.getLocalAddress();
    SocketChannel peer = SocketChannel.open(tcp);
    SocketChannel accepted = register(server.accept(), SelectionKey.OP_READ);
    register(server, SelectionKey.OP_ACCEPT);
    DatagramChannel datagrams = register(DatagramChannel.open().bind(any),
                                         SelectionKey.OP_READ);
    SocketAddress udp = datagrams.getLocalAddress();
    Pipe pipe = Pipe.open();
    pipe.source().configureBlocking(false);
    register(pipe.sink(), SelectionKey.OP_WRITE);
    selector.selectNow();

    server.close();
    datagrams.close();
    pipe.sink().close();
    accepted.close();
    boolean open = server.isOpen() || datagrams.isOpen() || pipe.sink().isOpen();
    String before = state(tcp, udp, pipe.source(), peer);
    SocketChannel early = client;
    System.out.println("closed, isOpen() " + open + ": " + before);
    selector.selectNow();
    String after = state(tcp, udp, pipe.source(), peer), end = "none";
    System.out.println("after selectNow():      " + after);
    try {
      early.read(ByteBuffer.allocate(8));
    } catch (SocketException error) {
      end = error.getMessage();
    }
    System.out.println("the client of before:   " + end);
    System.exit(!open && end.equals("Connection reset") &&
        before.equals("client connected, UDP port in use, pipe 0, socket -1") &&
        after.equals("client refused, UDP port free, pipe -1, socket -1") ? 0 : 1);
  }
}
JAVA
timeout 100 java Probe.java || { echo "The behaviour has changed"; exit 1; }
