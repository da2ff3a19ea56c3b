package sync

import (
	"errors"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/health"
)

// Advice is what to do about it: what the health says of what it has found, or else what is known of the reason. It is empty
// where the message says so itself, as a guard's does.
func (e *Error) Advice() string {
	if failure, ok := errors.AsType[*health.Failure](e.Err); ok {
		for _, p := range failure.Report.Problems {
			if p.Reason == failure.Report.Reason {
				return p.Advice
			}
		}
	}
	_, guarded := errors.AsType[*apply.Blocked](e.Err)
	if !guarded && e.Reason() == "PruneBlocked" {
		return "Nothing was deleted. Bring the manifests back, or correct the path of the app."
	}
	return advice[e.Reason()]
}

// advice is what to do when a pass has failed, by the reason. A daemon tries again and a single pass does not, so none of it
// says what happens next; and an app may be one of flags or of a file, so none of it names either.
var advice = map[string]string{
	"FetchFailed":           "Check that the repository is there, and that it can be read from here.",
	"BranchNotFound":        "Push that branch, or name another.",
	"RefNotFound":           "Push what the message names, or name something else to be live.",
	"SignatureRefused":      "Have it signed by a key that is trusted, or put the signer's public key into the folder of keys.",
	"NoCommits":             "Make a first commit on the branch.",
	"RepositoryNotFound":    "Check the repository's address: a folder must be a git repository or be inside one.",
	"AuthenticationFailed":  "Give credentials that may read the repository, or correct those that are given.",
	"CredentialsUnusable":   "Correct the file of the credentials that the message names.",
	"HostKeyMismatch":       "Compare the server's key with what its owner publishes, and put that into known_hosts.",
	"RepositoryUnreachable": "Check the repository's address, and that the server can be reached from here.",
	"CopyNotWritable":       "Give the folder for copies of repositories (--state-dir) more space, or let them take more of it (--state-limit).",
	"RepositoryUnsupported": "Take out what is named, or name a repository without it.",
	"RepositoryTooLarge":    "Have the server send less, as the message says, or name a smaller repository.",
	"RepositoryIncomplete":  "Check the repository with git fsck; where objects are missing, clone it anew.",
	"ManifestInvalid":       "Correct it and commit; until then everything stays as it is.",
	"ClusterUnreachable":    "Check that the API server runs and can be reached from here; what it runs goes on.",
	"CredentialsRefused":    "Renew the credentials in the kubeconfig: the cluster does not know them.",
	"CredentialPlugin":      "See that the program which the kubeconfig has for credentials is on PATH, and what it says when run by hand.",
	"InventoryUnreadable":   "Check that Lockstep may read Secrets in the state namespace.",
	"InventoryUnwritable":   "Check that Lockstep may write Secrets in the state namespace.",
	"AnotherDaemon":         "End the other daemon, or give this app another name: one alone may keep an app.",
	"NameTaken":             "Nothing was written; what the other app has applied stays as it is.",
	"NamespaceMissing":      "Nothing was written. Its manifest may be part of the same commit.",
	"PlanRefused":           "Nothing was written. Correct it and commit, or allow it in the cluster.",
	"ApplyFailed":           "Correct and commit what the API server refuses; what is applied stays so.",
	"GateFailed":            "Everything is applied. Check that Lockstep may list and watch what the message names.",
	"PruneFailed":           "The commit serves; what is left over stays on record until it is deleted.",
	"DependencyCycle":       "Take one of them out of the dependsOn of the one before.",
}
