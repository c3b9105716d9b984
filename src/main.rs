fn main() -> std::process::ExitCode {
    hil::cli::run()
}
