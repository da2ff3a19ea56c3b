package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// These are set by the linker: version by make build and make image, the others, of the commit that it was built from,
// where there is no clone to look at, as in an image. Any other binary knows what the go command has recorded in it.
var version, buildCommit, buildDate = "", "", ""

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit it was built from, and the platform",
		Args:  wantsNone,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), versionLine())
			return err
		},
	}
}

// versionLine is what version prints, and --version.
func versionLine() string {
	return fmt.Sprintf("lockstep %s (%s%s, %s/%s)", buildVersion(), builtFrom(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

func builtFrom() string {
	if buildCommit != "" {
		return commitOf([]debug.BuildSetting{{Key: "vcs.revision", Value: buildCommit}, {Key: "vcs.time", Value: buildDate}})
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return commitOf(info.Settings)
}

// commitOf names the commit and when it was made, with a comma behind, as far as the go command has recorded them: it
// does so for a build in a clone, and not for one that has -buildvcs=false.
func commitOf(settings []debug.BuildSetting) string {
	recorded := map[string]string{}
	for _, s := range settings {
		recorded[s.Key] = s.Value
	}
	hash := recorded["vcs.revision"]
	if hash == "" {
		return ""
	}
	text := "commit " + hash[:min(7, len(hash))]
	if recorded["vcs.modified"] == "true" {
		text += " and changes"
	}
	if at := recorded["vcs.time"]; at != "" {
		text += " of " + at
	}
	return text + ", "
}
