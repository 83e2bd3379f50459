# brms, rstanarm and lme4: one task, one seed, in a process of its own.
#
#     Rscript peers.R REQUEST.json
#
# The request and the outcome are those of run_one.py.
arguments <- commandArgs(trailingOnly = TRUE)
suppressPackageStartupMessages(library(jsonlite))
request <- fromJSON(arguments[1])
task <- request$model
frame <- read.csv(request$data, stringsAsFactors = FALSE)
frame[[task$group]] <- factor(frame[[task$group]])
cores <- 2
slopes <- !is.null(task$x)
given <- task$priors
mark <- sub("json$", "fitting", request$output)

seconds <- function(expression) {
  as.numeric(system.time(expression, gcFirst = FALSE)["elapsed"])
}

timed <- function(work) {  # what the time limit watches
  file.create(mark)
  took <- seconds(value <- work())
  unlink(mark)
  list(value = value, seconds = took)
}

peak <- function() {  # MB, of this process alone: rstan's two workers are not in it
  status <- readLines("/proc/self/status")
  as.numeric(gsub("[^0-9]", "", grep("^VmHWM", status, value = TRUE))) * 1024 / 1e6
}

versions <- function(packages) {
  paste(c(sapply(packages, function(name) paste(name, packageVersion(name))),
          paste("R", getRversion())), collapse = ", ")
}

# rstan hands chains 1, 2 to one worker and 3, 4 to the other: the time of the slower.
sampling <- function(stanfit) {
  of_chain <- rowSums(rstan::get_elapsed_time(stanfit))
  max(sapply(split(of_chain, rep(seq_len(cores), each = length(of_chain) / cores)), sum))
}

# Draws by name (iteration, chain, variable), population and effects.
judged <- function(population, effects) {
  each <- function(draws) {
    count <- dim(draws)[3]
    statistic <- function(f) vapply(seq_len(count), function(k) f(draws[, , k]), 0)
    list(ess = statistic(posterior::ess_bulk), r_hat = statistic(posterior::rhat))
  }
  a <- each(population)
  b <- each(effects)
  means <- apply(population, 3, mean)
  sds <- apply(population, 3, function(draws) sd(as.vector(draws)))
  names <- dimnames(population)[[3]]
  least <- if (min(a$ess) < min(b$ess)) names[which.min(a$ess)] else "a group effect"
  list(ess = min(a$ess, b$ess), r_hat = max(a$r_hat, b$r_hat),
       quantities = length(a$ess) + length(b$ess), least_ess_of = least,
       estimates = setNames(Map(c, means, sds), names))
}

renamed <- function(draws, from, to) {
  taken <- draws[, , from, drop = FALSE]
  dimnames(taken) <- list(NULL, NULL, to)
  taken
}

coefficients <- c("Intercept", if (slopes) task$x)
own_names <- c(coefficients, paste0("sd:", coefficients), if (slopes) "cor",
               if (task$family == "gaussian") "sigma")

left <- function(with_trials) {
  if (is.null(task$trials)) task$y else with_trials
}

run_brms <- function() {
  library(brms)
  if (!file.exists(rstan::rstan_options("boost_lib"))) {
    # Debian's r-cran-bh has no headers of its own: rstan is shown those of libboost-dev alone
    boost <- file.path(request$cache, "boost")
    dir.create(boost, showWarnings = FALSE)
    file.symlink("/usr/include/boost", file.path(boost, "boost"))
    rstan::rstan_options(boost_lib = boost)
  }
  formula <- bf(as.formula(paste(left(paste(task$y, "| trials(", task$trials, ")")),
                                 "~", task$right)))
  text <- function(family, ...) paste0(family, "(", paste(..., sep = ", "), ")")
  of_sd <- function(rate, coefficient) {
    set_prior(text("exponential", rate), class = "sd", group = task$group, coef = coefficient)
  }
  priors <- set_prior(text("normal", given$intercept[1], given$intercept[2]),
                      class = "Intercept") + of_sd(given$sd_intercept, "Intercept")
  if (slopes) {
    priors <- priors + of_sd(given$sd_slope, task$x) +
      set_prior(text("normal", given$slope[1], given$slope[2]), class = "b", coef = task$x) +
      set_prior(text("lkj", given$lkj), class = "cor", group = task$group)
  }
  if (!is.null(given$sigma)) {
    priors <- priors + set_prior(text("exponential", given$sigma), class = "sigma")
  }
  family <- list(gaussian = gaussian(), bernoulli = bernoulli(), binomial = binomial())
  # The compiled model is kept: brms would compile again at every call.
  compiled <- file.path(request$cache, paste0("brms-", task$name, ".rds"))
  if (!file.exists(compiled)) {
    took <- seconds(empty <- brm(formula, frame, family[[task$family]], prior = priors,
                                 chains = 0, refresh = 0, silent = 2))
    saveRDS(list(fit = empty, seconds = took), compiled)
  }
  kept <- readRDS(compiled)
  result <- timed(function() {
    update(kept$fit, newdata = frame, recompile = FALSE, chains = 4, iter = 2000,
           warmup = 1000, cores = cores, seed = request$seed, refresh = 0, silent = 2)
  })
  fit <- result$value
  outcome <- list(compile = kept$seconds, total = result$seconds, peak_mb = peak(),
                  sampling = sampling(fit$fit),
                  versions = versions(c("brms", "rstan", "StanHeaders")))
  draws <- unclass(posterior::as_draws_array(fit))
  of_group <- paste0("sd_", task$group, "__", coefficients)
  from <- c(paste0("b_", coefficients), of_group,
            if (slopes) paste0("cor_", task$group, "__Intercept__", task$x),
            if (task$family == "gaussian") "sigma")
  effects <- draws[, , startsWith(dimnames(draws)[[3]], paste0("r_", task$group, "[")),
                   drop = FALSE]
  c(outcome, judged(renamed(draws, from, own_names), effects))
}

run_rstanarm <- function() {
  library(rstanarm)
  formula <- as.formula(paste(left(sprintf("cbind(%s, %s - %s)", task$y, task$trials, task$y)),
                              "~", task$right))
  options <- list(
    formula, data = frame, chains = 4, iter = 2000, cores = cores, seed = request$seed,
    family = if (task$family == "gaussian") gaussian() else binomial(), refresh = 0,
    prior_intercept = normal(given$intercept[1], given$intercept[2], autoscale = FALSE),
    prior_covariance = decov(regularization = given$lkj, shape = 1,
                             scale = if (slopes) 1 else 1 / given$sd_intercept))
  if (slopes) options$prior <- normal(given$slope[1], given$slope[2], autoscale = FALSE)
  if (!is.null(given$sigma)) options$prior_aux <- exponential(given$sigma, autoscale = FALSE)
  result <- timed(function() do.call(stan_glmer, options))
  fit <- result$value
  outcome <- list(total = result$seconds, peak_mb = peak(), sampling = sampling(fit$stanfit),
                  versions = versions(c("rstanarm", "rstan", "StanHeaders")))
  draws <- as.array(fit)
  names <- dimnames(draws)[[3]]
  cell <- function(a, b) draws[, , sprintf("Sigma[%s:%s,%s]", task$group, a, b)]
  first <- sqrt(cell("(Intercept)", "(Intercept)"))
  pieces <- list(draws[, , "(Intercept)"])
  if (slopes) {
    second <- sqrt(cell(task$x, task$x))
    pieces <- c(pieces, list(draws[, , task$x]), list(first), list(second),
                list(cell(task$x, "(Intercept)") / first / second))
  } else {
    pieces <- c(pieces, list(first))
  }
  if (task$family == "gaussian") pieces <- c(pieces, list(draws[, , "sigma"]))
  population <- simplify2array(pieces)
  dimnames(population) <- list(NULL, NULL, own_names)
  effects <- draws[, , startsWith(names, "b[") & !grepl("_NEW_", names), drop = FALSE]
  c(outcome, judged(population, effects))
}

run_lme4 <- function() {
  library(lme4)
  formula <- as.formula(paste(left(sprintf("cbind(%s, %s - %s)", task$y, task$trials, task$y)),
                              "~", task$right))
  once <- function() {
    if (task$family == "gaussian") lmer(formula, frame) else glmer(formula, frame, binomial())
  }
  first <- timed(once)
  result <- if (first$seconds < 30) timed(once) else first
  list(total = result$seconds, peak_mb = peak(), versions = versions("lme4"))
}

began <- proc.time()["elapsed"]
loaded <- seconds(suppressPackageStartupMessages({
  library(request$peer, character.only = TRUE)
}))
outcome <- switch(request$peer, brms = run_brms(), rstanarm = run_rstanarm(), lme4 = run_lme4())
compiled <- if (is.null(outcome$compile)) 0 else outcome$compile
if (request$cold) outcome$first <- loaded + compiled + outcome$total
outcome$frame_mb <- as.numeric(object.size(frame)) / 1e6
writeLines(toJSON(outcome, auto_unbox = TRUE, digits = NA, null = "null"), request$output)
