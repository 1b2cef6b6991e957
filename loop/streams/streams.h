// Umbrella header of loop/streams: connections as a pair of StreamReader and
// StreamWriter, and datagrams.

#ifndef LOOP_STREAMS_STREAMS_H_
#define LOOP_STREAMS_STREAMS_H_

#include "loop/streams/datagram_endpoint.h"
#include "loop/streams/errors.h"
#include "loop/streams/open_connection.h"
#include "loop/streams/pipes.h"
#include "loop/streams/server.h"
#include "loop/streams/stream.h"
#include "loop/streams/stream_read.h"
#include "loop/streams/stream_reader.h"
#include "loop/streams/stream_writer.h"

#endif  // LOOP_STREAMS_STREAMS_H_
