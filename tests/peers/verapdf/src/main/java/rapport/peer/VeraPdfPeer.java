package rapport.peer;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.verapdf.core.VeraPDFException;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/**
 * veraPDF over a list of PDF files, against PDF/UA-1.
 *
 * <p>Standard input: one path a line. Standard output, tab-separated: {@code file<TAB>path<TAB>valid|invalid<TAB>checks} for each, and before
 * it {@code failed<TAB>clause-test<TAB>message} for each rule that does not hold.
 */
public final class VeraPdfPeer {
  private VeraPdfPeer() {}

  public static void main(String[] arguments) throws Exception {
    VeraGreenfieldFoundryProvider.initialise();
    try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String path : in.lines().filter(line -> !line.isBlank()).toList()) {
        check(path);
      }
    }
  }

  private static void check(String path) throws IOException, VeraPDFException, Exception {
    PDFAFlavour flavour = PDFAFlavour.PDFUA_1;
    try (InputStream file = new FileInputStream(path);
        PDFAParser parser = Foundries.defaultInstance().createParser(file, flavour);
        PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
      ValidationResult result = validator.validate(parser);
      for (TestAssertion failed : result.getTestAssertions()) {
        if (failed.getStatus() == TestAssertion.Status.FAILED) {
          System.out.println(
              "failed\t" + failed.getRuleId().getClause() + "-" + failed.getRuleId().getTestNumber() + "\t" + failed.getMessage().replaceAll("\\s+", " "));
        }
      }
      System.out.println("file\t" + path + "\t" + (result.isCompliant() ? "valid" : "invalid") + "\t" + result.getTotalAssertions());
    }
  }
}
