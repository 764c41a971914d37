// One client connection: reads request heads, has the handler answer them in order, writes the answers.
//
// It waits for one thing at a time: for bytes, for a deferred answer, or for the client to take what was written. While
// an answer is outstanding it reads nothing, so the request stays in place and a client that does not read cannot make
// the server store answers for it. All answers of one turn of the loop leave in one write, tried at once; only what the
// kernel does not take waits.
//
// Lifetime: as long as one of its asynchronous operations or a Responder holds it.
// Thread-safety: belongs to the thread of its server.
#pragma once

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
  // The connection holds one place of `slot` until it is closed.
  Connection(std::shared_ptr<ServerContext> server, Socket socket, const asio::ip::tcp::endpoint& peer,
             std::shared_ptr<ConnectionBudget> slot);
  ~Connection() override;

  // Waits for the first request.
  void start();
  // Answers that there are too many connections, and closes.
  void start_refused();
  // The time of the current phase is over.
  void on_deadline();
  // In phase idle: answers a request that has arrived but was not read, or closes.
  void finish_idle();
  // Closes at once. Later answers are ignored.
  void close();

  // Channel.
  [[nodiscard]] const Request& request() const override { return request_; }
  [[nodiscard]] Executor& executor() override { return server_->executor; }
  [[nodiscard]] std::string_view peer() const override;
  void respond(int status, std::string_view headers, std::initializer_list<BodyPart> body) override;
  [[nodiscard]] std::shared_ptr<Channel> hold() override;
  void abandon() override;

 private:
  friend class ReadWatch<Connection>;
  // Runs what the loop or a Responder calls. An exception is logged and closes this connection; it affects nothing
  // else.
  template <class Work>
  void guard(Work&& work) noexcept;

  enum class Answer : std::uint8_t { none, deferred, given };
  enum class Stop : std::uint8_t { need_more, other };

  // Reading.
  void wait_readable();
  void on_readable(const error_code& error);
  void use_input();
  [[nodiscard]] bool read_input();
  void discard_input();

  // Answering.
  Stop answer_input();
  void dispatch();
  void refuse(ErrorKind kind, std::string_view detail);
  void append_answer(int status, std::string_view headers, std::initializer_list<BodyPart> body);
  void finish_request();
  void answered_late();

  // Writing, and the next step.
  void proceed();
  void proceed_from_loop();
  [[nodiscard]] bool flush();
  void wait_writable();
  void linger();

  void enter(ConnectionPhase phase);

  std::shared_ptr<ServerContext> server_;
  std::shared_ptr<ConnectionBudget> slot_;
  std::optional<Socket> socket_;  // empty when closed
  asio::ip::tcp::endpoint peer_;
  mutable std::string peer_text_;

  HeadParser parser_;
  Request request_;
  InputBuffer input_;
  std::uint32_t discarded_ = 0;
  SteadyTime received_at_{};  // of the last bytes

  OutputQueue out_;

  Answer answer_ = Answer::none;
  bool in_handler_ = false;
  bool in_turn_ = false;  // during the work that follows directly from a read
  bool closing_ = false;  // once out_ is written
  bool head_is_new_ = true;
  ReadWatch<Connection> watch_;
  bool read_waiting_ = false;
  bool write_waiting_ = false;
};

}  // namespace wx::http_server
