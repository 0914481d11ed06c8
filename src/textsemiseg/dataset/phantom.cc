#include "textsemiseg/dataset/phantom.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/source/dataset_json.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Positions are in the body's own frame: (-1, -1, -1) to (1, 1, 1) is the field of view; x to the right, y to the front, z up.
constexpr Vector3 kFieldOfView{320, 280, 240};  // mm

enum Label : uint8_t { kBackground, kLiver, kSpleen, kKidney };

// An ellipsoid turned about z, with a slightly bumpy surface.
struct Organ {
  Vector3 centre, radius;
  double angle;      // radians, about z
  double intensity;  // HU
  uint8_t label;
  double power = 2;  // 2: ellipsoid; larger: boxier

  bool contains(const Vector3& p) const {
    const double dx = p[0] - centre[0], dy = p[1] - centre[1], dz = p[2] - centre[2];
    const double c = std::cos(angle), s = std::sin(angle);
    const double a = std::abs((c * dx + s * dy) / radius[0]), b = std::abs((c * dy - s * dx) / radius[1]),
                 e = std::abs(dz / radius[2]);
    if (a >= 1 || b >= 1 || e >= 1) return false;
    if (power == 2) return a * a + b * b + e * e < 1;
    return std::pow(a, power) + std::pow(b, power) + std::pow(e, power) < 1;
  }
};

// A smooth displacement of space: a few long waves, different in every case.
class Warp {
 public:
  Warp(Random& random, double strength) {
    for (Wave& wave : waves_) {
      for (size_t a = 0; a < 3; ++a) {
        wave.frequency[a] = random.uniform(-4.0, 4.0);
        wave.amplitude[a] = random.uniform(-strength, strength);
      }
      wave.phase = random.uniform(0.0, 2.0 * std::numbers::pi);
    }
  }
  Vector3 operator()(const Vector3& p) const {
    Vector3 q = p;
    for (const Wave& wave : waves_) {
      const double value = std::sin(wave.frequency[0] * p[0] + wave.frequency[1] * p[1] + wave.frequency[2] * p[2] + wave.phase);
      for (size_t a = 0; a < 3; ++a) q[a] += wave.amplitude[a] * value;
    }
    return q;
  }

 private:
  struct Wave {
    Vector3 frequency{}, amplitude{};
    double phase = 0;
  };
  std::array<Wave, 4> waves_;
};

struct Anatomy {
  std::vector<Organ> parts;  // later ones cover earlier ones
  Vector3 body_radius{};
  double fat = 0;
  double noise = 0;
};

Anatomy draw_anatomy(Random& random) {
  Anatomy anatomy;
  const auto vary = [&](double value, double by) { return value + random.uniform(-by, by); };
  const auto point = [&](double x, double y, double z, double by) { return Vector3{vary(x, by), vary(y, by), vary(z, by)}; };
  const auto radii = [&](double x, double y, double z, double share) {
    return Vector3{x * vary(1, share), y * vary(1, share), z * vary(1, share)};
  };
  // Contrast agent arrives at different times: the organs brighten together, the kidneys most. In one case they differ; over
  // the cases their ranges overlap.
  const double phase = random.uniform(0.0, 1.0);
  const double liver = 65 + 40 * phase + random.uniform(-8, 8);
  const double spleen = 105 + 55 * phase + random.uniform(-8, 8);
  const double kidney = 155 + 90 * phase + random.uniform(-12, 12);
  anatomy.body_radius = {vary(0.88, 0.06), vary(0.80, 0.07), 10.0};
  anatomy.fat = random.uniform(0.03, 0.14);
  anatomy.noise = random.uniform(18.0, 34.0);

  auto& parts = anatomy.parts;
  // Distractors first; organs cover them where they meet.
  for (int i = 0; i < 7; ++i) {  // bowel loops with the odd gas bubble
    const Vector3 centre{random.uniform(-0.45, 0.45), random.uniform(0.0, 0.5), random.uniform(-0.95, -0.1)};
    parts.push_back({centre, radii(0.16, 0.13, 0.16, 0.3), random.uniform(0, 3), random.uniform(10, 110), kBackground});
    if (random.chance(0.5)) parts.push_back({centre, radii(0.07, 0.06, 0.08, 0.3), 0, -850, kBackground});
  }
  parts.push_back(
      {point(-0.28, 0.36, 0.42, 0.06), radii(0.26, 0.20, 0.28, 0.2), vary(0.4, 0.3), vary(40, 30), kBackground});  // stomach
  parts.push_back({point(0.06, -0.22, 0, 0.03), {0.065, 0.075, 10}, 0, kidney + vary(20, 20), kBackground});       // aorta
  parts.push_back(
      {point(0.0, -0.50, 0, 0.02), {vary(0.15, 0.02), vary(0.16, 0.02), 10}, 0, vary(330, 90), kBackground, 3});  // spine
  for (const double side : {-1.0, 1.0}) {  // back muscles and ribs
    parts.push_back({point(side * 0.28, -0.58, 0, 0.03), {0.14, 0.13, 10}, 0, vary(55, 8), kBackground});
    for (int i = 0; i < 4; ++i) {
      parts.push_back({point(side * 0.74, -0.15 + 0.18 * (i % 2), -0.5 + 0.45 * i, 0.04), radii(0.05, 0.16, 0.07, 0.2), 0,
                       vary(420, 120), kBackground});
    }
  }
  const Vector3 liver_centre = point(0.38, 0.14, 0.36, 0.06);
  const double liver_size = vary(1.0, 0.13);
  parts.push_back(
      {liver_centre, radii(0.36 * liver_size, 0.40 * liver_size, 0.42 * liver_size, 0.08), vary(0.2, 0.25), liver, kLiver, 2.4});
  parts.push_back({{liver_centre[0] - 0.30, liver_centre[1] + 0.18, liver_centre[2] + 0.12},
                   radii(0.28, 0.18, 0.20, 0.2),
                   vary(0, 0.2),
                   liver,
                   kLiver});
  parts.push_back({point(-0.50, -0.10, 0.48, 0.06), radii(0.25, 0.34, 0.40, 0.15), vary(-0.35, 0.3), spleen, kSpleen});
  for (const double side : {-1.0, 1.0}) {
    const Vector3 centre = point(side * 0.44, -0.32, -0.34 - 0.06 * side, 0.05);
    parts.push_back({centre, radii(0.20, 0.23, 0.40, 0.12), side * vary(0.5, 0.2), kidney, kKidney});
    // The renal sinus is fat and belongs to no organ.
    parts.push_back({{centre[0] - side * 0.10, centre[1], centre[2]}, radii(0.07, 0.07, 0.11, 0.2), 0, -60, kBackground});
  }
  // Two vessels through the liver: bright, still liver.
  for (int i = 0; i < 2; ++i) {
    parts.push_back(
        {{liver_centre[0] + random.uniform(-0.15, 0.15), liver_centre[1] + random.uniform(-0.1, 0.1), liver_centre[2]},
         {0.04, 0.18, 0.04},
         random.uniform(0, 3),
         liver + 45,
         kLiver});
  }
  return anatomy;
}

double tissue(const Anatomy& anatomy, const Vector3& p) {
  const auto inside = [&](double margin) {
    const double a = p[0] / (anatomy.body_radius[0] - margin), b = p[1] / (anatomy.body_radius[1] - margin);
    return a * a + b * b < 1;
  };
  if (!inside(0)) return -1000;
  return inside(anatomy.fat) ? 15 : -100;
}

// Gaussian of standard deviation 0.7 voxel along one axis, the edge repeated.
void blur_axis(Image& image, size_t axis) {
  const std::array<float, 3> weight{0.5594f, 0.2016f, 0.0094f * 2};
  const Size3 size = image.size();
  const Size3 stride{size[1] * size[2], size[2], 1};
  const std::vector<float> from = image.voxels;
  for (int64_t x = 0; x < size[0]; ++x) {
    for (int64_t y = 0; y < size[1]; ++y) {
      for (int64_t z = 0; z < size[2]; ++z) {
        const int64_t at = std::array{x, y, z}[axis];
        const int64_t offset = static_cast<int64_t>(image.offset(x, y, z));
        const auto value = [&](int64_t step) {
          return from[static_cast<size_t>(offset + (std::clamp<int64_t>(at + step, 0, size[axis] - 1) - at) * stride[axis])];
        };
        image.voxels[static_cast<size_t>(offset)] =
            weight[0] * value(0) + weight[1] * (value(-1) + value(1)) + weight[2] * (value(-2) + value(2));
      }
    }
  }
}

std::string case_name(int64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 3 ? 3 - digits.size() : 0, '0');
  return "phantom_" + digits;
}

}  // namespace

void PhantomOptions::check() const {
  const auto at_least = [](const char* field, int64_t value, int64_t least) {
    if (value < least)
      throw InputError(std::string("phantom.") + field, std::to_string(value), "at least " + std::to_string(least));
  };
  at_least("labelled", labelled, 1);
  at_least("unlabelled", unlabelled, 0);
  at_least("test", test, 0);
  if (size.size() != 3 || std::any_of(size.begin(), size.end(), [](int64_t side) { return side < 16 || side > 512; })) {
    throw InputError("phantom.size", "[" + join(size, ", ") + "]", "three sides of 16 to 512 voxels");
  }
}

const std::vector<std::string>& phantom_class_names() {
  static const std::vector<std::string> names = {"background", "liver", "spleen", "kidney"};
  return names;
}

PhantomCase make_phantom(const Size3& size, uint64_t seed, uint32_t index) {
  Random random(seed, Stream::kPhantom, 0, index);
  const Anatomy anatomy = draw_anatomy(random);
  const Warp warp(random, 0.035);
  const Vector3 scale{random.uniform(0.92, 1.10), random.uniform(0.92, 1.10), random.uniform(0.90, 1.12)};
  const Vector3 shift{random.uniform(-0.06, 0.06), random.uniform(-0.06, 0.06), random.uniform(-0.12, 0.12)};
  Geometry geometry;
  geometry.size = size;
  for (size_t a = 0; a < 3; ++a) {
    geometry.spacing[a] = kFieldOfView[a] / static_cast<double>(size[a]);
    geometry.origin[a] = std::round(random.uniform(-180.0, -140.0));
  }
  PhantomCase out{Image(geometry), LabelMap(geometry)};
  Random noise(seed, Stream::kPhantom, 1, index);
  for (int64_t x = 0; x < size[0]; ++x) {
    for (int64_t y = 0; y < size[1]; ++y) {
      for (int64_t z = 0; z < size[2]; ++z) {
        const Size3 at{x, y, z};
        Vector3 p;
        for (size_t a = 0; a < 3; ++a) {
          p[a] = ((2.0 * static_cast<double>(at[a]) + 1.0) / static_cast<double>(size[a]) - 1.0 - shift[a]) / scale[a];
        }
        const Vector3 q = warp(p);
        double value = tissue(anatomy, p);
        uint8_t label = kBackground;
        if (value > -500) {
          for (const Organ& part : anatomy.parts) {
            if (!part.contains(q)) continue;
            value = part.intensity;
            label = part.label;
          }
        }
        out.image(x, y, z) = static_cast<float>(value + 2.2 * anatomy.noise * noise.normal());
        out.label(x, y, z) = label;
      }
    }
  }
  for (size_t a = 0; a < 3; ++a) blur_axis(out.image, a);
  for (float& value : out.image.voxels) value = std::round(std::max(value, -1024.0f));
  return out;
}

void write_phantom(const fs::path& folder, const PhantomOptions& options) {
  options.check();
  const Json made_by = write_options(options);
  const fs::path record = folder / "dataset.json";
  if (fs::exists(record)) {
    const Json existing = read_json(record);
    if (existing.contains("phantom") && existing.at("phantom") == made_by) return;
    throw InputError(folder.string(), "holds another dataset already", "an empty or new folder for the phantom");
  }
  const Size3 size{options.size[0], options.size[1], options.size[2]};
  const int64_t training = options.labelled + options.unlabelled;
  Json json = {{"name", "phantom"},         {"description", "Made-up CT-like abdomens; no patient"},
               {"modality", {{"0", "CT"}}}, {"labels", labels_to_json(phantom_class_names())},
               {"numTraining", training},   {"numTest", options.test},
               {"training", Json::array()}, {"test", Json::array()},
               {"phantom", made_by}};
  for (int64_t i = 0; i < training + options.test; ++i) {
    const PhantomCase made = make_phantom(size, options.seed, static_cast<uint32_t>(i));
    const bool test = i >= training;
    const std::string part = test ? "Ts" : "Tr", file = case_name(i) + ".nii.gz";
    write_image(folder / ("images" + part) / file, made.image);
    if (test || i < options.labelled) write_label_map(folder / ("labels" + part) / file, made.label);
    const std::string image = "./images" + part + "/" + file;
    if (test) {
      json["test"].push_back(image);
    } else {
      Json entry = {{"image", image}};
      if (i < options.labelled) entry["label"] = "./labelsTr/" + file;
      json["training"].push_back(entry);
    }
  }
  write_json(record, json);
}

}  // namespace tss
