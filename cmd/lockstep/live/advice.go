package live

// advice is what to do when a pass has failed, by the reasons of [sync.Error]. A daemon tries again and a single pass does
// not, so none of it says what happens next.
var advice = map[string]string{
	"FetchFailed":           "Check that the repository is there, and that it can be read from here.",
	"BranchNotFound":        "Push that branch, or name another with --branch.",
	"RefNotFound":           "Push what the message names, or name something else to be live.",
	"SignatureRefused":      "Have it signed by a key that is trusted, or put the signer's public key into the folder of keys.",
	"NoCommits":             "Make a first commit on the branch.",
	"RepositoryNotFound":    "Check the address in --repo: a folder must be a git repository or be inside one.",
	"AuthenticationFailed":  "Give credentials that may read the repository, or correct those that are given.",
	"CredentialsUnusable":   "Correct the file of the credentials that the message names.",
	"HostKeyMismatch":       "Compare the server's key with what its owner publishes, and put that into known_hosts.",
	"RepositoryUnreachable": "Check the address in --repo, and that the server can be reached from here.",
	"RepositoryUnsupported": "Take out what is named, or name a repository without it.",
	"RepositoryIncomplete":  "Check the repository with git fsck; where objects are missing, clone it anew.",
	"ManifestInvalid":       "Correct it and commit; until then everything stays as it is.",
	"ClusterUnreachable":    "Check that the API server runs and can be reached from here; what it runs goes on.",
	"CredentialsRefused":    "Renew the credentials in the kubeconfig: the cluster does not know them.",
	"CredentialPlugin":      "See that the program which the kubeconfig has for credentials is on PATH, and what it says when run by hand.",
	"InventoryUnreadable":   "Check that Lockstep may read Secrets in --state-namespace.",
	"InventoryUnwritable":   "Check that Lockstep may write Secrets in --state-namespace.",
	"AnotherDaemon":         "End the other daemon, or give this app another --name: one alone may keep an app.",
	"NameTaken":             "Nothing was written; what the other app has applied stays as it is.",
	"NamespaceMissing":      "Nothing was written. Its manifest may be part of the same commit.",
	"PlanRefused":           "Nothing was written. Correct it and commit, or allow it in the cluster.",
	"ApplyFailed":           "Correct and commit what the API server refuses; what is applied stays so.",
	"GateFailed":            "Everything is applied. Check that Lockstep may list and watch what the message names.",
	"PruneFailed":           "The commit serves; what is left over stays on record until it is deleted.",
}
