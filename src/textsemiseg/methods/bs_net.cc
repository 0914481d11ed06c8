#include "textsemiseg/methods/bs_net.h"

#include <cmath>

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/methods/method_options.h"
#include "textsemiseg/modules/ema.h"

namespace tss {

namespace F = torch::nn::functional;

void BsNetOptions::check() const {
  check_variant("bs_net", variant);
  check_weight("bs_net.consistency_weight", consistency_weight);
  check_share("bs_net.warm_up", warm_up);
  check_weight("bs_net.teacher_rate", teacher_rate);
  check_weight("bs_net.critic_rate", critic_rate);
  check_weight("bs_net.critic_bound", critic_bound);
  check_ramp("bs_net", ramp);
}

double bs_net_weight(const BsNetOptions& options, int64_t iteration, int64_t iterations) {
  const Ramp ramp{.weight = options.consistency_weight, .share = 1, .published_epochs = 200};
  return ramped_weight(ramp, ramp_variant(options.variant, options.ramp), iteration, iterations);
}

torch::Tensor bounded_verdict(const torch::Tensor& logits, double bound) {
  const torch::Tensor half = 0.5 * bound * torch::tanh((logits.select(1, 1) - logits.select(1, 0)) / bound);
  return torch::stack({-half, half}, 1);
}

namespace {

constexpr int64_t kReleasedWarmUp = 300;  // iterations

bool warm(const BsNetOptions& options, const Context& context) {
  if (options.variant == "reference") return context.iteration() >= kReleasedWarmUp;
  return static_cast<double>(context.iteration()) >= options.warm_up * static_cast<double>(context.iterations());
}

torch::Tensor foreground(const torch::Tensor& logits) { return torch::softmax(logits, 1).narrow(1, 1, logits.size(1) - 1); }

// One iteration; the stages in the order in which they run.
struct Step {
  const BsNetOptions& options;
  const Batch& batch;
  const BsNetNetworks& networks;
  Context& context;
  const bool learn_predictions;
  const int64_t labelled, unlabelled;

  torch::Tensor of_labelled(const torch::Tensor& z) const { return z.narrow(0, 0, labelled); }
  torch::Tensor of_unlabelled(const torch::Tensor& z) const { return z.narrow(0, labelled, unlabelled); }

  torch::Tensor supervised(const torch::Tensor& logits) const {
    if (options.dice && options.variant != "reference") return 0.5 * cross_entropy_and_dice(of_labelled(logits), batch.label);
    return F::cross_entropy(of_labelled(logits), batch.label);
  }

  // 1 in the first `ones` entries, which the critic is asked to see as labelled.
  torch::Tensor verdict(const torch::Tensor& logits, const torch::Tensor& x, int64_t ones) const {
    torch::Tensor target = torch::zeros({x.size(0)}, torch::dtype(torch::kInt64).device(x.device()));
    target.narrow(0, 0, ones).fill_(1);
    const torch::Tensor said = networks.critic(foreground(logits), x);
    const bool bounded = options.critic_bound > 0 && options.variant != "reference";
    return F::cross_entropy(bounded ? bounded_verdict(said, options.critic_bound) : said, target);
  }

  torch::Tensor mutual(const torch::Tensor& z_a, double lambda) {
    const torch::Tensor x = batch.unlabelled_image(), z_b = networks.teacher(x);
    const torch::Tensor adversarial = verdict(z_a, x, unlabelled) + verdict(z_b, x, unlabelled);
    torch::Tensor sum = adversarial, mse = torch::zeros_like(adversarial), pseudo = mse;
    if (learn_predictions) {
      mse = torch::mse_loss(torch::softmax(z_a, 1), torch::softmax(z_b, 1));
      pseudo = F::cross_entropy(z_a, z_b.argmax(1));
      sum = mse + pseudo + adversarial;
    }
    context.log("mse", mse);
    context.log("pseudo_ce", pseudo);
    context.log("adversarial", adversarial);
    return lambda * sum;
  }

  void train_both(double lambda) {
    const torch::Tensor z = networks.student(batch.image), loss_of_labels = supervised(z);
    const torch::Tensor loss = unlabelled > 0 ? loss_of_labels + mutual(of_unlabelled(z), lambda) : loss_of_labels;
    context.log("lambda", lambda);
    context.log("supervised", loss_of_labels);
    context.log("loss", loss);
    context.minimise_together({"student", "teacher"}, loss);
  }

  // Returns the student's logits, without gradient.
  torch::Tensor train_critic() {
    torch::Tensor z_a, z_b;
    {
      torch::NoGradGuard no_grad;
      z_a = networks.student(batch.image);
      z_b = networks.teacher(batch.image);
    }
    const torch::Tensor loss = verdict(z_a, batch.image, labelled) + verdict(z_b, batch.image, labelled);
    context.log("critic_loss", loss);
    context.minimise("critic", loss);
    return z_a;
  }

  void train_teacher(const torch::Tensor& student_logits) {
    const torch::Tensor z = networks.teacher(batch.image);
    torch::Tensor loss = supervised(z);
    if (unlabelled > 0 && learn_predictions)
      loss = loss + F::cross_entropy(of_unlabelled(z), of_unlabelled(student_logits).argmax(1));
    context.log("teacher_loss", loss);
    context.minimise("teacher", loss);
  }
};

}  // namespace

void bs_net_step(const BsNetOptions& options, double lambda, const Batch& batch, const BsNetNetworks& networks,
                 Context& context) {
  Step step{.options = options,
            .batch = batch,
            .networks = networks,
            .context = context,
            .learn_predictions = warm(options, context),
            .labelled = batch.labelled(),
            .unlabelled = batch.image.size(0) - batch.labelled()};
  const double alpha = ema_factor(context.iteration());
  step.train_both(lambda);
  networks.teacher_follows(alpha);
  const torch::Tensor student_logits = step.train_critic();
  step.train_teacher(student_logits);
  networks.student_follows(alpha);
}

BsNet::BsNet(const BsNetOptions& options, const MethodSetup& setup) : options_(options) {
  student_ = register_module("network", VNet(setup.network, std::vector{UpSampling::kTransposed}));
  teacher_ = register_module("teacher", VNet(setup.network, std::vector{UpSampling::kTransposed}));
  critic_ = register_module("critic", Critic(setup.network.in_channels, setup.network.classes - 1));
}

std::vector<ParameterGroup> BsNet::parameter_groups() {
  std::vector<ParameterGroup> groups = {{"student", student_->parameters(), 1},
                                        {"teacher", teacher_->parameters(), options_.teacher_rate},
                                        {"critic", critic_->parameters(), options_.critic_rate}};
  if (options_.variant != "reference") return groups;
  // As released: the teacher's decaying rate is given to the student from its second step on, the teacher keeps its first, and the
  // critic's is multiplied by the decay again in every step.
  const double teacher = options_.teacher_rate, critic = options_.critic_rate;
  const auto poly = [](int64_t t, int64_t t_max) {
    return std::pow(std::max(1 - static_cast<double>(t) / static_cast<double>(t_max), 0.0), 0.9);
  };
  groups[0].own_schedule = [=](int64_t t, int64_t t_max) { return t == 0 ? 1 : teacher * poly(t, t_max); };
  groups[1].own_schedule = [=](int64_t, int64_t) { return teacher; };
  groups[2].own_schedule = [=](int64_t t, int64_t t_max) {
    double factor = critic;
    for (int64_t s = 1; s <= t && factor > 1e-30; ++s) factor *= poly(s, t_max);
    return factor;
  };
  return groups;
}

void BsNet::train_step(const Batch& batch, Context& context) {
  const BsNetNetworks networks = {
      .student = [&](const torch::Tensor& x) { return student_->forward_one(x, 0); },
      .teacher = [&](const torch::Tensor& x) { return teacher_->forward_one(x, 0); },
      .critic = [&](const torch::Tensor& p, const torch::Tensor& x) { return critic_->forward(p, x); },
      .teacher_follows = [&](double alpha) { update_average(*teacher_, *student_, alpha); },
      .student_follows = [&](double alpha) { update_average(*student_, *teacher_, alpha); },
  };
  const double lambda = bs_net_weight(options_, context.iteration(), context.iterations());
  bs_net_step(options_, lambda, batch, networks, context);
}

torch::Tensor BsNet::predict(const torch::Tensor& windows) { return torch::softmax(student_->forward_one(windows, 0), 1); }

}  // namespace tss
