//! What the command line understands.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::engine::{Budget, Engine, Goal, Prefer, Tailored, TinyEngine};
use crate::firmware::around;
use crate::rack::file::InstrumentKind;

/// MODEL in the help of several commands.
const MODEL: &str = "A .tflite file, or builtin:NAME[,width=W,resolution=PIXELS,classes=N,seed=N]";

#[derive(Parser)]
#[command(name = "hil", version, about = "Benchmarks int8 neural networks on microcontrollers")]
#[command(after_help = "Exit codes: 0 passed; 1 a gate failed, or an output was not the reference's; 2 wrong usage, \
                        scenario or network; 3 a tool, a unit or an instrument failed.")]
pub struct Arguments {
    /// Print only JSON on stdout.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Measure what a scenario asks for.
    Run(RunOptions),
    /// Print a run's table and write its report.html, summary.md, junit.xml and rows.csv anew.
    Report {
        /// The folder of a run.
        run: PathBuf,
        /// Show the page in a browser.
        #[arg(long, conflicts_with = "json")]
        open: bool,
    },
    /// Compare the rows that two runs have in common.
    Compare {
        /// The folder of the earlier run.
        a: PathBuf,
        /// The folder of the later run.
        b: PathBuf,
    },
    /// Keep the measurements that the gate compares with.
    Baseline {
        #[command(subcommand)]
        command: BaselineCommand,
    },
    /// Show how a number moved from run to run, and on which nights it stepped.
    History(HistoryOptions),
    /// Find the commit that moved a number: builds and measures commits of this repository.
    Bisect(BisectOptions),
    /// Remove what old runs no longer need: their images, or all of them.
    Gc(GcOptions),
    /// List the board types.
    Boards,
    /// Show the units that this machine can use, find, check and simulate them.
    Rack(RackOptions),
    /// Show how a network is planned: kernels, multiply-accumulates, memory, and whether it fits.
    Inspect {
        #[arg(help = MODEL)]
        model: String,
        /// Say whether the network fits this board; all boards where it is left out.
        #[arg(long)]
        board: Option<String>,
        #[command(flatten)]
        goal: GoalOptions,
        #[command(flatten)]
        show: ShowOptions,
    },
    /// Write a network as C, for somebody else's project.
    Compile {
        #[arg(help = MODEL)]
        model: String,
        /// The board that it is for.
        #[arg(long)]
        board: String,
        /// The folder to write to.
        #[arg(long)]
        out: PathBuf,
        /// Write `image.elf`, too: the network with the runtime around it, which the runner of MLPerf Tiny drives as its
        /// model of that name (`vww01`, `ic01`, `kws01`, `ad01`, or one of your own).
        #[arg(long, value_name = "NAME")]
        mlperf: Option<String>,
        #[command(flatten)]
        goal: GoalOptions,
    },
    /// Run an image on an emulated board: its console is stdin and stdout.
    Emulate(EmulateOptions),
    /// Hold emulated boards against published measurements.
    Validate(ValidateOptions),
    /// Search a space for the best networks, with measurements in the loop; the same command goes on with a search that was
    /// interrupted.
    Search(SearchOptions),
    /// Predict latency, learn how to, and say how well that works.
    Cost {
        #[command(subcommand)]
        command: CostCommand,
    },
    /// Check that everything is there that the other commands need, and say what to do.
    Doctor,
    /// Print the JSON schema of scenarios.
    Schema {
        /// As a page for people instead.
        #[arg(long, conflicts_with = "rack")]
        markdown: bool,
        /// Of rack.yaml instead.
        #[arg(long)]
        rack: bool,
    },
    /// Show runs and histories in a browser: read-only, and on this machine alone unless told otherwise.
    Serve(ServeOptions),
}

#[derive(Args)]
pub struct RunOptions {
    /// The scenario's YAML file.
    pub scenario: PathBuf,
    /// Rows to work on at a time; as many as there are processors where it is left out.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// The rack's file; `hil/rack.yaml` in the user's configuration where it is left out, or emulated units where there is
    /// none.
    #[arg(long, value_name = "FILE")]
    pub rack: Option<PathBuf>,
    /// Where the run's folder is made.
    #[arg(long, default_value = "results")]
    pub out: PathBuf,
    /// The folder of the baselines that the scenario's gates compare with; `baselines` beside the run where it is left
    /// out.
    #[arg(long, value_name = "DIR")]
    pub baselines: Option<PathBuf>,
    /// Go on with the run in this folder: what it has finished is not repeated.
    #[arg(long, value_name = "RUN", conflicts_with = "out")]
    pub resume: Option<PathBuf>,
    /// Wait where another process runs the same gated scenario in the same store, rather than give up.
    #[arg(long)]
    pub wait: bool,
    /// Show the report in a browser when the run has ended.
    #[arg(long, conflicts_with = "json")]
    pub open: bool,
}

#[derive(Args)]
pub struct RackOptions {
    /// The rack's file; `hil/rack.yaml` in the user's configuration where it is left out, or emulated units where there is
    /// none.
    #[arg(long, value_name = "FILE", global = true)]
    pub rack: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Option<RackCommand>,
}

#[derive(Subcommand)]
pub enum RackCommand {
    /// Show units, their health, who has them, and what went wrong last.
    Status,
    /// Write a rack's file of the boards that are attached; one that is there already is left as it is.
    Scan {
        /// Write in place of the file that is there.
        #[arg(long)]
        replace: bool,
    },
    /// Test units with an image of their own, and bring those back into use that pass.
    Check {
        /// Only the units of these names.
        units: Vec<String>,
    },
    /// Write a rack of emulated boards behind emulated debug probes: `hil run --rack` flashes, talks to and recovers them by
    /// the code that real boards are reached by. What they measure is emulated.
    Simulate(SimulateOptions),
}

/// An instrument by the word that `rack.yaml` has for it.
fn instrument(name: &str) -> Result<InstrumentKind, String> {
    let known = InstrumentKind::ALL.map(InstrumentKind::name).join(", ");
    InstrumentKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(format!("known instruments: {known}"))
}

#[derive(Args)]
pub struct SimulateOptions {
    /// How many units.
    #[arg(short = 'n', long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub units: u16,
    /// A board type; may be given several times, and the units take turns. All that have a debug probe where it is left out.
    #[arg(long = "board", value_name = "BOARD")]
    pub boards: Vec<String>,
    /// A script of faults for every unit.
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// An emulated instrument in the supply of every unit: lpm01a, stlink-v3pwr, ppk2 or ina228.
    #[arg(long, value_name = "KIND", value_parser = instrument)]
    pub instrument: Option<InstrumentKind>,
    /// The file to write.
    #[arg(long, default_value = "rack.yaml")]
    pub out: PathBuf,
    /// Write over a file that is there.
    #[arg(long)]
    pub force: bool,
}

#[derive(Subcommand)]
pub enum BaselineCommand {
    /// Make a run's rows the baselines of their kind, in place of earlier ones.
    Accept {
        /// The folder of a run.
        run: PathBuf,
        /// Accept only these rows: network=NAME, board=NAME or engine=NAME; may be given for each.
        #[arg(long, value_name = "KEY=NAME")]
        only: Vec<String>,
        /// The reason, which is kept: what changed, and why that is as it should be.
        #[arg(long)]
        why: String,
        /// The folder of baselines; `baselines` beside the run where it is left out.
        #[arg(long, value_name = "DIR")]
        baselines: Option<PathBuf>,
    },
    /// List the baselines.
    List {
        /// The folder of baselines.
        #[arg(long, value_name = "DIR", default_value = "results/baselines")]
        baselines: PathBuf,
    },
}

#[derive(Args)]
pub struct SearchOptions {
    /// The scenario's YAML file, with a `search` section.
    pub scenario: PathBuf,
    /// Rows to work on at a time; as many as there are processors where it is left out.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// The rack's file, which networks are measured on; `hil/rack.yaml` in the user's configuration where it is left out, or
    /// emulated units where there is none.
    #[arg(long)]
    pub rack: Option<PathBuf>,
    /// Where the search's folder is made.
    #[arg(long, default_value = "results")]
    pub out: PathBuf,
}

#[derive(Subcommand)]
pub enum CostCommand {
    /// Take the measured rows of runs as a data set, which is what a cost model is trained on.
    Train {
        /// Folders of runs, or data sets to add to.
        #[arg(required = true, value_name = "RUN")]
        from: Vec<PathBuf>,
        /// The data set to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Hold the cost model against networks, families and boards that it has not seen.
    Eval {
        /// Folders of runs, or data sets.
        #[arg(required = true, value_name = "RUN")]
        from: Vec<PathBuf>,
        /// Only this split: random, family or board.
        #[arg(long)]
        split: Option<String>,
        /// Only on this board.
        #[arg(long)]
        board: Option<String>,
        /// Measurements that splits at random may use.
        #[arg(long, value_name = "N", default_value_t = 50)]
        measurements: usize,
        /// Measurements of a board that was never seen.
        #[arg(long, value_name = "N", default_value_t = 10)]
        board_measurements: usize,
        /// Draws of each split at random.
        #[arg(long, value_name = "N", default_value_t = 5)]
        draws: u64,
    },
    /// Hold the cost model against a run that it has not seen; `hil report` then shows the errors in the run's page.
    Check {
        /// The run's folder. What is predicted of its rows is written into it.
        run: PathBuf,
        /// Folders of runs, or data sets, to learn from.
        #[arg(long, required = true, value_name = "RUN")]
        from: Vec<PathBuf>,
    },
    /// Predict the latency and energy of a network; SRAM and flash are planned, not predicted.
    Predict {
        #[arg(help = MODEL)]
        model: String,
        /// The board; all boards where it is left out.
        #[arg(long)]
        board: Option<String>,
        /// Folders of runs, or data sets.
        #[arg(long, required = true, value_name = "RUN")]
        from: Vec<PathBuf>,
    },
}

#[derive(Args)]
pub struct HistoryOptions {
    /// Only of this network.
    #[arg(long)]
    pub network: Option<String>,
    /// Only on this board.
    #[arg(long)]
    pub board: Option<String>,
    /// Only with this engine.
    #[arg(long)]
    pub engine: Option<String>,
    /// Only of this provenance: silicon, emulated, renode or predicted.
    #[arg(long)]
    pub provenance: Option<String>,
    /// The number: cycles, instructions, energy, sram or flash.
    #[arg(long, default_value = "cycles")]
    pub metric: String,
    /// Show so many of the last nights of each series.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub last: usize,
    /// The folder of the runs.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

#[derive(Args)]
pub struct BisectOptions {
    /// The scenario that measures it, relative to each commit's working tree.
    pub scenario: PathBuf,
    /// A commit with the old level.
    #[arg(long, value_name = "COMMIT")]
    pub good: String,
    /// A later one with the new level.
    #[arg(long, value_name = "COMMIT", default_value = "HEAD")]
    pub bad: String,
    /// How a commit is built: a command for sh, in its working tree.
    #[arg(long, value_name = "COMMAND", default_value = "true")]
    pub build: String,
    /// The hil that measures, relative to the working tree: what the build makes. This one where it is left out.
    #[arg(long, value_name = "PATH")]
    pub with: Option<PathBuf>,
    /// The row: its network.
    #[arg(long)]
    pub network: String,
    /// The row: its board.
    #[arg(long)]
    pub board: String,
    /// The row: its engine, where the scenario has several.
    #[arg(long)]
    pub engine: Option<String>,
    /// The number: cycles, instructions, energy, sram or flash.
    #[arg(long, default_value = "cycles")]
    pub metric: String,
    /// Where runs are kept, a folder per commit: what is there is not measured again.
    #[arg(long, value_name = "DIR", default_value = "results/bisect")]
    pub out: PathBuf,
}

#[derive(Args)]
pub struct GcOptions {
    /// Leave so many of the newest runs of each scenario as they are.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub keep: usize,
    /// Remove whole runs, not only their images: histories then forget them.
    #[arg(long)]
    pub whole: bool,
    /// Say what would be removed, and remove nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The folder of the runs.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

#[derive(Args)]
pub struct ServeOptions {
    /// Where to listen; anything but loopback needs a token in HIL_TOKEN, which requests must bring.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8686")]
    pub bind: SocketAddr,
    /// The rack whose health is shown; the user's where it is left out.
    #[arg(long, value_name = "FILE")]
    pub rack: Option<PathBuf>,
    /// The folder of the runs.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

#[derive(Args)]
pub struct EmulateOptions {
    /// An ELF file for the board.
    pub image: PathBuf,
    /// The board that it is for.
    #[arg(long)]
    pub board: String,
    /// End after so many seconds of the board's time; without it, when the image waits for input that has ended.
    #[arg(long, value_name = "S")]
    pub seconds: Option<f64>,
    /// End after so many instructions; with --trace, after so many of its lines.
    #[arg(long, value_name = "N")]
    pub instructions: Option<u64>,
    /// Count cycles by function and by source line, and say so at the end or write it to FILE.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub profile: Option<Option<PathBuf>>,
    /// Write call chains with their cycles to FILE, as tools for flame graphs take them.
    #[arg(long, value_name = "FILE")]
    pub folded: Option<PathBuf>,
    /// Say which calls made the stack deepest, and what each of them took of it.
    #[arg(long)]
    pub stack: bool,
    /// Write each instruction with its cycles, and what they went into, to stderr or to FILE.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub trace: Option<Option<PathBuf>>,
    /// Begin the trace when this address or function is reached.
    #[arg(long, value_name = "PLACE", requires = "trace")]
    pub from: Option<String>,
    /// Go on where the image uses what is not modelled: reads give 0, writes are lost, and all of them are listed at the end.
    /// Such a run says nothing of latency.
    #[arg(long)]
    pub permissive: bool,
    /// Halt the board and serve it to a gdb on this port of the loopback interface; 0 takes one that is free.
    #[arg(long, value_name = "PORT", conflicts_with_all = ["profile", "folded", "stack", "trace", "json"])]
    pub gdb: Option<u16>,
    /// Put the console on a pseudo terminal, whose path is printed, instead of stdin and stdout.
    #[arg(long)]
    pub pty: bool,
}

#[derive(Args)]
pub struct ValidateOptions {
    /// A directory with published images, such as a copy of mlcommons/tiny_results_v1.1.
    #[arg(long, value_name = "DIR")]
    pub images: PathBuf,
    /// Only images for this board.
    #[arg(long)]
    pub board: Option<String>,
}

/// What the network is planned for.
#[derive(Debug, Args)]
pub struct GoalOptions {
    /// What is to be least; latency where it is left out.
    #[arg(long, value_enum)]
    pub prefer: Option<PreferOption>,
    /// Bytes of SRAM that the whole image may take.
    #[arg(long, value_name = "BYTES")]
    pub max_sram: Option<usize>,
    /// Bytes of flash that the whole image may take.
    #[arg(long, value_name = "BYTES")]
    pub max_flash: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PreferOption {
    Latency,
    Sram,
    Flash,
    Energy,
}

/// What more is shown of a plan.
#[derive(Debug, Args)]
pub struct ShowOptions {
    /// Run it on an emulated board: cycles of every layer, and what each optimisation buys.
    #[arg(long, requires = "board")]
    pub measure: bool,
    /// Write the arena over the steps as a picture.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Write the picture and the tables as a page.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

impl GoalOptions {
    /// The engine with that goal.
    pub fn engine(&self) -> Box<dyn Engine> {
        match self.goal() {
            Some(goal) => Box::new(Tailored(goal)),
            None => Box::new(TinyEngine),
        }
    }

    /// The goal, if one is given.
    pub fn goal(&self) -> Option<Goal> {
        if self.prefer.is_none() && self.max_sram.is_none() && self.max_flash.is_none() {
            return None;
        }
        let prefer = match self.prefer.unwrap_or(PreferOption::Latency) {
            PreferOption::Latency => Prefer::Latency,
            PreferOption::Sram => Prefer::Sram,
            PreferOption::Flash => Prefer::Flash,
            PreferOption::Energy => Prefer::Energy,
        };
        let budget = Budget { sram: self.max_sram, flash: self.max_flash };
        Some(Goal { prefer, budget, around: around(), ..Goal::default() })
    }
}
