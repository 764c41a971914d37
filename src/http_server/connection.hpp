// One client connection: reads request heads, passes them to the handler in order, and writes the answers.
//
// It waits for one event at a time: input, a deferred answer, or a writable socket. While an answer is outstanding it
// does not read, but notices when the client goes. So the request stays in its buffer, and a client that does not read
// cannot make the server store answers for it. All answers of one turn of the loop are sent with one write, without
// waiting first; only what the kernel does not accept waits. To a client that does not take its answers the next ones
// are made one at a time.
//
// Lifetime: its asynchronous operations and a Responder own it; itself, if it only waits for its deadline.
// Thread-safety: belongs to the thread of its server.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http_server/connection_budget.hpp"
#include "http_server/head_parser.hpp"
#include "http_server/input_buffer.hpp"
#include "http_server/output_queue.hpp"
#include "http_server/server_context.hpp"

namespace wx::http_server {

class Connection final : public Channel, public Deadlines::Entry, public std::enable_shared_from_this<Connection> {
 public:
  // The connection holds one unit of `slot`, which the caller has acquired, until it is closed.
  Connection(std::shared_ptr<ServerContext> server, Socket socket, const asio::ip::tcp::endpoint& peer,
             std::shared_ptr<ConnectionBudget> slot);
  ~Connection() override;

  // Waits for the first request.
  void start();
  // The same for a connection above the limit: answers one request, with the refusal `overloaded` unless it is one that
  // is served even then (Handler::serves_when_full), and closes. Its time is short (ServerOptions::surplus_timeout).
  void start_above_limit();
  // Call it when the deadline of the current phase has passed: refuses an incomplete request, else closes.
  void on_deadline();
  // Call it in a phase without an answer under way (idle, untaken, surplus): answers a request that has arrived but was
  // not read yet, or closes. One that has ended, and whose client still takes its answers, lingers on.
  void finish_idle();
  // The same in favour of another connection. But one with much that its client has not taken yet moves to phase
  // untaken and stays there as long as it takes enough of it each second; then it is reset. Returns true if all that it
  // did was to move from idle to untaken.
  bool make_place();
  // Closes immediately. Later answers are ignored. What the kernel has not sent yet, it still tries to send.
  void close();
  // The same, but the kernel forgets what it has not sent, and the client gets a reset.
  void reset();

  // Returns whether it holds a unit of `budget`.
  [[nodiscard]] bool holds(const ConnectionBudget& budget) const { return slot_.get() == &budget; }
  // The bytes that this connection counts for (connection_memory.hpp).
  [[nodiscard]] std::size_t held() const { return held_; }
  // Counts them again, with those in the kernel's buffers. One in phase untaken leaves it once all is taken.
  void measure();
  // Call it in phase idle: enters phase untaken, and counts, if the client has not taken all of its answers.
  void find_untaken();
  // Spreads connections over turns.
  [[nodiscard]] unsigned number() const { return number_; }

  // Implementation of Channel.
  [[nodiscard]] const Request& request() const override { return request_; }
  [[nodiscard]] Executor& executor() override { return server_->executor; }
  [[nodiscard]] std::string_view peer() const override;
  void blame_client() override { client_blamed_ = true; }
  void respond(int status, std::string_view headers, std::initializer_list<BodyPart> body) override;
  [[nodiscard]] std::shared_ptr<Channel> hold() override;
  [[nodiscard]] std::shared_ptr<const std::atomic<bool>> gone() override { return {shared_from_this(), &gone_}; }
  void abandon() override;

 private:
  friend class ReadWatch<Connection>;
  // Runs work that the loop or a Responder calls. An exception is logged and closes only this connection.
  template <class Work>
  void guard(Work&& work) noexcept {
    try {
      std::forward<Work>(work)();
    } catch (...) {
      observability::log_exception(server_->log, "http_server", "a connection failed");
      close();
    }
  }

  // What the rest of the program holds for a request whose answer is deferred, beside the request: its callbacks, its
  // timer, and its place in a flight.
  static constexpr std::size_t kDeferredBytes = std::size_t{3} * 1024;
  // The limit of bytes that a client may send after the last answer, or in empty lines before a request, before the
  // connection is closed.
  static constexpr std::uint32_t kMostDiscarded = 1024 * 1024;

  enum class Answer : std::uint8_t { none, deferred, given };
  enum class Stop : std::uint8_t { need_more, other };

  // Reading.
  void wait_readable();
  void watch();
  void on_readable(const error_code& error);
  void on_input(const error_code& error);
  void use_input();
  [[nodiscard]] bool read_input();

  // The client, while its answer is outstanding.
  void watch_client();
  void look_at_client();
  void note_gone();

  // Answering.
  Stop answer_input();
  void drop_empty_lines();
  void dispatch();
  void refuse(ErrorKind kind, std::string_view detail);
  void append_answer(int status, std::string_view headers, std::initializer_list<BodyPart> body);
  // Call it when the answer of a closed connection is settled. Its block goes back on its own thread, because the flag
  // gone() may keep the connection until it is dropped on another.
  void release_request();
  void finish_request();
  void answered_late();

  // Writing, and the next step.
  void proceed();
  void proceed_from_loop();
  [[nodiscard]] bool flush();
  void wait_writable();

  // The end.
  void end();
  void linger();
  void discard_input();
  void count_place();
  // The bytes of its answers that the client has not taken from the kernel.
  [[nodiscard]] std::size_t untaken_bytes();
  void on_untaken_deadline();
  void leave_untaken();

  // Memory.
  void hold(std::size_t bytes);
  void release_held() noexcept;
  [[nodiscard]] std::size_t own_bytes() const { return input_.memory() + out_.memory() + request_.memory(); }

  void enter(ConnectionPhase phase);

  std::shared_ptr<ServerContext> server_;
  std::shared_ptr<ConnectionBudget> slot_;
  std::optional<Socket> socket_;  // empty if closed
  asio::ip::tcp::endpoint peer_;
  mutable std::string peer_text_;
  const unsigned number_;

  HeadParser parser_;
  Request request_;
  InputBuffer input_;
  std::uint32_t discarded_ = 0;  // bytes received since the last request that belong to none
  std::uint32_t batch_ = 1;      // the limit (bytes) of answers to make before they are written
  std::size_t held_ = 0;
  std::size_t untaken_ = 0;  // untaken_bytes() when their deadline began
  SteadyTime began_at_{};    // the start of the last request's handling; zero before the first

  OutputQueue out_;

  Answer answer_ = Answer::none;
  bool in_handler_ = false;
  bool client_blamed_ = false;  // for the next answer
  bool above_limit_ = false;
  bool closing_ = false;   // close once out_ is written
  bool finished_ = false;  // it is written: what the client still sends is dropped
  std::atomic<bool> gone_ = false;
  bool head_is_new_ = true;
  ReadWatch<Connection> watch_;
  bool watching_ = false;
  bool read_posted_ = false;
  bool write_waiting_ = false;
  std::shared_ptr<Connection> itself_;  // while it waits for its deadline only
};

}  // namespace wx::http_server
