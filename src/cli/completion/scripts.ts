/**
 * Scripts that ask `pipeline complete -- WORDS...` for each word: they know nothing of the commands themselves, so they
 * stay right when the product is updated. A single line `:files` leaves the word to the shell's own file completion.
 */
export const scripts = {
  bash: `# Completion of pipeline for bash. In ~/.bashrc:  source <(pipeline completion bash)
_pipeline_completion() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default 2>/dev/null
      return 0
    fi
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("$1" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _pipeline_completion pipeline
`,
  zsh: `#compdef pipeline
# Completion of pipeline for zsh. In ~/.zshrc, after compinit:  source <(pipeline completion zsh)
_pipeline() {
  local line
  local -a found described
  found=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $found[1] == ':files' ]]; then
    _files
    return
  fi
  for line in $found; do
    described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( $#described )) && _describe 'pipeline' described
}
if [[ $funcstack[1] == _pipeline ]]; then
  _pipeline "$@"
else
  compdef _pipeline pipeline
fi
`,
  fish: `# Completion of pipeline for fish. In ~/.config/fish/config.fish:  pipeline completion fish | source
function __pipeline_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l found (command $words[1] complete -- $words[2..-1] "$last" 2>/dev/null)
    if test "$found[1]" = ':files'
        __fish_complete_path "$last"
    else if test (count $found) -gt 0
        printf '%s\\n' $found
    end
end
complete -c pipeline -f -a '(__pipeline_complete)'
`,
} as const;
