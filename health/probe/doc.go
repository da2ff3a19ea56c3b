// Package probe asks an app through its Service, and says whether it answers and which pods did.
//
// A [URL] names one port of one Service, and a path. A [Round] asks it some ten times through the Service, on a new
// connection each, and each pod behind it once by itself. Where the answers name the pods that gave them, every pod has to
// be among those that answered through the Service; where they do not, it is enough that each of them answers.
//
// Nothing of an answer is kept but its status, and which pod it names: what an app says is nobody else's business.
package probe
