// Golden texts: what people get to see of a made-up study.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scored_runs.h"
#include "textsemiseg/comparison/document.h"

namespace tss::render_test {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::rising;
using testing::write_run;

// Eight scans; mc_net misses the liver in one of them.
Comparison made_up(const std::filesystem::path& folder, const Json& over = Json::object()) {
  std::vector<std::vector<double>> base, better;
  for (int c = 0; c < 8; ++c) {
    base.push_back({0.5 + 0.01 * c, 0.6 + 0.01 * c});
    better.push_back({c == 3 ? 0 : 0.6 + 0.02 * c, 0.7 + 0.02 * c});
  }
  write_run(folder / "a", {.dice = base, .config = {{"sampler", {{"unlabelled", 0}}}}});
  write_run(folder / "b0", {.method = "mc_net",
                            .dice = better,
                            .costs = {{"seconds_per_step", 1.5},
                                      {"peak_memory_gib", 2.25},
                                      {"trainable_parameters", 9440000},
                                      {"prediction_parameters", 9440000},
                                      {"seconds_per_window", 0.1},
                                      {"device", "cpu"},
                                      {"threads", 2},
                                      {"precision", "fp32"}}});
  testing::write_study(folder, {{"supervised", {"a"}}, {"mc_net", {"b0"}}}, over);
  return compare(read_study(folder, "test"));
}

constexpr const char* kMarkdown = R"(# Made-up study

| setting | |
| --- | --- |
| scored | role test, 8 cases |
| data set | Organs |
| classes | [background, liver & bile, spleen_2] |
| split | 4 labelled, 8 unlabelled, 2 validation, 8 test |
| lists of cases | not recorded |
| preparation | name generic, steps [step reorient, step normalise, method zscore] |
| iterations | 100 |
| patch | [32, 32, 32] |
| crops and augmentation | flips off, quarter_turns not set, published_quirks not set, foreground not set |
| protocol | honest |
| selection | best mean foreground Dice on 2 validation cases; test cases never read |
| iterations between validations | a fifteenth of the run |
| checkpoint scored | best on validation cases |
| grid | original scan, mm |
| windows | overlap 0.5 |
| post-processing | none |
| empty masks | undefined |
| text encoder | none, no row has class texts |
| seeds | 0 |
| scores | mean over cases of each case's mean over seeds; ± standard deviation over seeds; [ ] 95 % percentile bootstrap interval over cases, 10000 resamples, seed 0 |
| tests | two-sided over cases defined in both rows: Wilcoxon signed-rank, paired bootstrap; each row against supervised; Holm over all rows, for each metric and class on its own |
| bold | significantly better than supervised (Wilcoxon after Holm below 0.05, mean and ranks agreeing; distances: without more empty predictions) |

## Scores, mean of the foreground classes: mean over cases with interval

| Method | Dice (%) ↑ | Jaccard (%) ↑ | HD95 (mm) ↓ | ASD (mm) ↓ | mean rank (Dice) |
| --- | :-: | :-: | :-: | :-: | :-: |
| supervised | 58.50 [56.88, 60.13] | 41.56 [39.95, 43.20] | 4.15 [3.99, 4.31] | 0.83 [0.80, 0.86] | 1.88 |
| mc_net | 67.88 [58.62, 74.75] | **53.61** [45.94, 60.11] | 2.74 [2.41, 3.08] | 0.55 [0.48, 0.61] | 1.12 |

## Dice (%) ↑: mean over cases with interval, by class

| Method | liver & bile | spleen_2 | mean | mean rank |
| --- | :-: | :-: | :-: | :-: |
| supervised | 53.50 [51.88, 55.12] | 63.50 [61.88, 65.12] | 58.50 [56.88, 60.13] | 1.88 |
| mc_net | 58.75 [41.25, 69.75] | **77.00** [73.75, 80.25] | 67.88 [58.62, 74.75] | 1.12 |

## Dice (%), mean of the foreground classes: difference from supervised

| Method | difference | 95 % interval | pairs | Wilcoxon p | after Holm | bootstrap p | after Holm |
| --- | :-: | :-: | :-: | :-: | :-: | :-: | :-: |
| mc_net | +9.38 | [0.62, 14.88] | 8 | 0.1953 | 0.1953 | 0.0304 | 0.0304 |

## Costs

| Method | s / step | peak memory (GiB) | trained parameters (M) | parameters at prediction (M) | s / window | measured on |
| --- | :-: | :-: | :-: | :-: | :-: | :-: |
| supervised | – | – | – | – | – | – |
| mc_net | 1.500 | 2.25 | 9.44 | 9.44 | 0.100 | cpu, 2 threads, fp32 |

## Notes

- mc_net, liver & bile: 1 of 8 predictions are empty where there is an organ; HD95 undefined in 1 of 8; ASD undefined in 1 of 8.
- With 8 cases bootstrap intervals are too short to be relied on; 20 or more are wanted.
- One seed per row: there is no standard deviation over seeds, and no test here sees the noise of training.
- Seconds per step are the median over a run, seconds per window the least of three: other work on the machine, a second run among it, makes them longer.

## What differs between rows by configuration

- **supervised**: sampler.unlabelled = 0; supervised.variant = paper
- **mc_net**: sampler.unlabelled = 2; mc_net.variant = paper; mc_net.absent_class = formula
)";

constexpr const char* kLatex = R"(% Made-up study
% Needs \usepackage{booktabs,graphicx}.
\begin{table}[htbp]
\centering\footnotesize\setlength{\tabcolsep}{4pt}
\caption{Scores, mean of the foreground classes: mean over cases with interval}
\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
\begin{tabular}{lccccc}
\toprule
Method & Dice (\%) $\uparrow$ & Jaccard (\%) $\uparrow$ & HD95 (mm) $\downarrow$ & ASD (mm) $\downarrow$ & mean rank (Dice) \\
\midrule
supervised & 58.50 & 41.56 & 4.15 & 0.83 & 1.88 \\
 & {\scriptsize {[}56.88, 60.13{]}} & {\scriptsize {[}39.95, 43.20{]}} & {\scriptsize {[}3.99, 4.31{]}} & {\scriptsize {[}0.80, 0.86{]}} &  \\[2pt]
mc\_\allowbreak{}net & 67.88 & \textbf{53.61} & 2.74 & 0.55 & 1.12 \\
 & {\scriptsize {[}58.62, 74.75{]}} & {\scriptsize {[}45.94, 60.11{]}} & {\scriptsize {[}2.41, 3.08{]}} & {\scriptsize {[}0.48, 0.61{]}} &  \\[2pt]
\bottomrule
\end{tabular}}
\end{table}

\begin{table}[htbp]
\centering\footnotesize\setlength{\tabcolsep}{4pt}
\caption{Dice (\%) $\uparrow$: mean over cases with interval, by class}
\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
\begin{tabular}{lcccc}
\toprule
Method & liver \& bile & spleen\_\allowbreak{}2 & mean & mean rank \\
\midrule
supervised & 53.50 & 63.50 & 58.50 & 1.88 \\
 & {\scriptsize {[}51.88, 55.12{]}} & {\scriptsize {[}61.88, 65.12{]}} & {\scriptsize {[}56.88, 60.13{]}} &  \\[2pt]
mc\_\allowbreak{}net & 58.75 & \textbf{77.00} & 67.88 & 1.12 \\
 & {\scriptsize {[}41.25, 69.75{]}} & {\scriptsize {[}73.75, 80.25{]}} & {\scriptsize {[}58.62, 74.75{]}} &  \\[2pt]
\bottomrule
\end{tabular}}
\end{table}

\begin{table}[htbp]
\centering\footnotesize\setlength{\tabcolsep}{4pt}
\caption{Dice (\%), mean of the foreground classes: difference from supervised}
\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
\begin{tabular}{lccccccc}
\toprule
Method & difference & 95 \% interval & pairs & Wilcoxon p & after Holm & bootstrap p & after Holm \\
\midrule
mc\_\allowbreak{}net & $+$9.38 & {[}0.62, 14.88{]} & 8 & 0.1953 & 0.1953 & 0.0304 & 0.0304 \\
\bottomrule
\end{tabular}}
\end{table}

\begin{table}[htbp]
\centering\footnotesize\setlength{\tabcolsep}{4pt}
\caption{Costs}
\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
\begin{tabular}{lcccccc}
\toprule
Method & s / step & peak memory (GiB) & trained parameters (M) & parameters at prediction (M) & s / window & measured on \\
\midrule
supervised & -- & -- & -- & -- & -- & -- \\
mc\_\allowbreak{}net & 1.500 & 2.25 & 9.44 & 9.44 & 0.100 & cpu, 2 threads, fp32 \\
\bottomrule
\end{tabular}}
\end{table}

{\footnotesize\sloppy
\begin{itemize}
\item \textbf{scored}: role test, 8 cases
\item \textbf{data set}: Organs
\item \textbf{classes}: {[}background, liver \& bile, spleen\_\allowbreak{}2{]}
\item \textbf{split}: 4 labelled, 8 unlabelled, 2 validation, 8 test
\item \textbf{lists of cases}: not recorded
\item \textbf{preparation}: name generic, steps {[}step reorient, step normalise, method zscore{]}
\item \textbf{iterations}: 100
\item \textbf{patch}: {[}32, 32, 32{]}
\item \textbf{crops and augmentation}: flips off, quarter\_\allowbreak{}turns not set, published\_\allowbreak{}quirks not set, foreground not set
\item \textbf{protocol}: honest
\item \textbf{selection}: best mean foreground Dice on 2 validation cases; test cases never read
\item \textbf{iterations between validations}: a fifteenth of the run
\item \textbf{checkpoint scored}: best on validation cases
\item \textbf{grid}: original scan, mm
\item \textbf{windows}: overlap 0.5
\item \textbf{post-processing}: none
\item \textbf{empty masks}: undefined
\item \textbf{text encoder}: none, no row has class texts
\item \textbf{seeds}: 0
\item \textbf{scores}: mean over cases of each case's mean over seeds; $\pm$ standard deviation over seeds; {[} {]} 95 \% percentile bootstrap interval over cases, 10000 resamples, seed 0
\item \textbf{tests}: two-sided over cases defined in both rows: Wilcoxon signed-rank, paired bootstrap; each row against supervised; Holm over all rows, for each metric and class on its own
\item \textbf{bold}: significantly better than supervised (Wilcoxon after Holm below 0.05, mean and ranks agreeing; distances: without more empty predictions)
\item mc\_\allowbreak{}net, liver \& bile: 1 of 8 predictions are empty where there is an organ; HD95 undefined in 1 of 8; ASD undefined in 1 of 8.
\item With 8 cases bootstrap intervals are too short to be relied on; 20 or more are wanted.
\item One seed per row: there is no standard deviation over seeds, and no test here sees the noise of training.
\item Seconds per step are the median over a run, seconds per window the least of three: other work on the machine, a second run among it, makes them longer.
\end{itemize}
\noindent What differs between rows by configuration:
\begin{itemize}
\item \textbf{supervised}: sampler.unlabelled = 0; supervised.variant = paper
\item \textbf{mc\_\allowbreak{}net}: sampler.unlabelled = 2; mc\_\allowbreak{}net.variant = paper; mc\_\allowbreak{}net.absent\_\allowbreak{}class = formula
\end{itemize}
\par}
)";

TEST(Render, MarkdownIsGolden) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(render_markdown(document_of(made_up(folder.path()), {"dice"})), kMarkdown);
}

TEST(Render, LatexIsGolden) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(render_latex(document_of(made_up(folder.path()), {"dice"})), kLatex);
}

TEST(Render, WarningsAreSaidAndNothingIsBold) {
  const testing::TemporaryFolder folder;
  made_up(folder.path());
  const Json rows = read_json(folder / "study.json")["rows"];
  Json over{{"rows", rows}};
  over["rows"][1]["runs"].push_back("b1");
  const Document document = document_of(made_up(folder.path(), over), {"dice", "hd95"});
  for (const std::string& text : {render_markdown(document), render_latex(document), render_text(document)}) {
    EXPECT_THAT(text, HasSubstr("NOT comparable"));
    EXPECT_THAT(text, HasSubstr("run b1 was not trained"));
  }
  EXPECT_THAT(render_markdown(document), Not(HasSubstr("**79.")));
  EXPECT_THAT(render_markdown(document), HasSubstr("## HD95 (mm), mean of the foreground classes: difference from supervised"));
}

TEST(Render, SignsOfTheirOwnAreEscaped) {
  Document document;
  document.title = "50 % of a|b";
  document.tables = {{"C_1 & <x>", {"a_b", "_c_"}, {{{"~^\\{}", "", false}, {"[1]", "$#", true}}}}};
  EXPECT_THAT(render_markdown(document), HasSubstr("# 50 % of a\\|b\n"));
  EXPECT_THAT(render_markdown(document), HasSubstr("| a_b | \\_c\\_ |"));
  EXPECT_THAT(render_markdown(document), HasSubstr("**[1]** $#"));
  const std::string latex = render_latex(document);
  EXPECT_THAT(latex, HasSubstr("\\caption{C\\_\\allowbreak{}1 \\& $<$x$>$}"));
  EXPECT_THAT(latex, HasSubstr("\\textasciitilde{}\\textasciicircum{}\\textbackslash{}\\{\\} & \\textbf{{[}1{]}} \\\\\n"));
  EXPECT_THAT(latex, HasSubstr("{\\scriptsize \\$\\#}"));
}

}  // namespace tss::render_test
